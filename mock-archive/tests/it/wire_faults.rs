//! What rules do to the bytes below both protocols, as clients meet it.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use dicom_mock_archive::MockArchive;
use dicom_mock_archive::rule::Rule;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use crate::support::{CHEST, c_store, client, stow};

async fn with_faults(faults: &[&str]) -> MockArchive {
    let rules = faults.iter().map(|fault| Rule::parse(fault).unwrap());
    MockArchive::builder().rules(rules).start().await.unwrap()
}

fn web_address(archive: &MockArchive) -> SocketAddr {
    let url = archive.web_url();
    let authority = url.split('/').nth(2).unwrap();
    authority.parse().unwrap()
}

/// What comes back to a request for studies on this connection.
async fn ask(stream: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    stream
        .write_all(b"GET /dicomweb/studies HTTP/1.1\r\nHost: here\r\nAccept: application/dicom+json\r\n\r\n")
        .await?;
    let mut answer = vec![0; 64 * 1024];
    let read = stream.read(&mut answer).await?;
    answer.truncate(read);
    Ok(answer)
}

/// Whether it is what an empty archive says to a search.
fn is_answer(answer: &[u8]) -> bool {
    answer.starts_with(b"HTTP/1.1 20")
}

fn assert_answered(answer: &[u8]) {
    assert!(is_answer(answer), "{}", String::from_utf8_lossy(answer));
}

#[tokio::test]
async fn bytes_that_pass_in_small_pieces_are_the_same_bytes() {
    let archive = with_faults(&["slice:size=900:vary=899"]).await;
    let (status, response) = stow(&archive, &CHEST.instances()[..1]).await;
    assert_eq!((status, response.referenced.len()), (200, 1));
    let stored = c_store(&archive, &CHEST.instances()[1..2]).await;
    assert_eq!(stored, [dicom_wire::dimse::Status::SUCCESS]);
    let instance = &CHEST.instances()[0];
    let url = format!(
        "{}/studies/{}/series/{}/instances/{}",
        archive.web_url(),
        instance.study,
        instance.series,
        instance.sop_instance
    );
    let request = client().get(url);
    let request = request.header("Accept", "application/dicom; transfer-syntax=*");
    let answer = request.send().await.unwrap().bytes().await.unwrap();
    assert!(answer == instance.bytes);
}

#[tokio::test(start_paused = true)]
async fn a_port_that_is_down_refuses_and_comes_back() {
    let archive = with_faults(&["wire.restart"]).await;
    for address in [archive.dimse_addr(), web_address(&archive)] {
        // The rule acts once: the other port stays.
        if address != archive.dimse_addr() {
            assert!(
                ask(&mut TcpStream::connect(address).await.unwrap())
                    .await
                    .is_ok()
            );
            continue;
        }
        let mut first = TcpStream::connect(address).await.unwrap();
        let ended = first.read(&mut [0; 8]).await.unwrap_err();
        assert_eq!(ended.kind(), ErrorKind::ConnectionReset);
        let refused = TcpStream::connect(address).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
        sleep(Duration::from_millis(2_100)).await;
        TcpStream::connect(address).await.unwrap();
    }
    let stored = c_store(&archive, &CHEST.instances()[..1]).await;
    assert_eq!(stored, [dicom_wire::dimse::Status::SUCCESS]);
}

#[tokio::test]
async fn one_connection_too_many_is_not_served_until_another_has_ended() {
    for manner in ["reset", "close", "stall"] {
        let fault = format!("limit-connections:most=1:manner={manner}");
        let archive = with_faults(&[&fault]).await;
        let mut first = TcpStream::connect(web_address(&archive)).await.unwrap();
        assert_answered(&ask(&mut first).await.unwrap());
        let mut second = TcpStream::connect(web_address(&archive)).await.unwrap();
        let answer = timeout(Duration::from_millis(300), ask(&mut second)).await;
        match (manner, answer) {
            ("stall", Err(_)) | ("reset", Ok(Err(_))) => {}
            ("close", Ok(answer)) => assert_eq!(answer.unwrap_or_default(), b""),
            (manner, answer) => panic!("{manner}: {answer:?}"),
        }
        assert_answered(&ask(&mut first).await.unwrap());
        drop((first, second));
        let served = async {
            loop {
                let mut third = TcpStream::connect(web_address(&archive)).await.unwrap();
                let answer = timeout(Duration::from_millis(300), ask(&mut third)).await;
                if matches!(answer, Ok(Ok(answer)) if is_answer(&answer)) {
                    return;
                }
            }
        };
        timeout(Duration::from_secs(20), served).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_kept_open_is_closed_when_it_stands_idle() {
    let archive = with_faults(&["wire.idle-close"]).await;
    let mut kept = TcpStream::connect(web_address(&archive)).await.unwrap();
    assert_answered(&ask(&mut kept).await.unwrap());
    sleep(Duration::from_millis(800)).await;
    assert_answered(&ask(&mut kept).await.unwrap());
    let began = Instant::now();
    assert_eq!(kept.read(&mut [0; 8]).await.unwrap(), 0);
    assert!(began.elapsed() < Duration::from_millis(1_100));
    // An association that asks for nothing, too.
    let mut association = TcpStream::connect(archive.dimse_addr()).await.unwrap();
    let began = Instant::now();
    assert_eq!(association.read(&mut [0; 8]).await.unwrap(), 0);
    assert!(began.elapsed() < Duration::from_millis(1_100));
}

#[tokio::test(start_paused = true)]
async fn an_answer_stands_still_in_its_middle_and_comes_whole() {
    let archive = with_faults(&["stall:after=40:lasts=10s"]).await;
    let mut stream = TcpStream::connect(web_address(&archive)).await.unwrap();
    let began = Instant::now();
    let first = ask(&mut stream).await.unwrap();
    assert_eq!(first.len(), 40);
    assert!(began.elapsed() < Duration::from_secs(1));
    assert!(stream.read(&mut [0; 1024]).await.unwrap() > 0);
    let took = began.elapsed().as_secs_f64();
    assert!((10.0..11.0).contains(&took), "{took}");
}

#[tokio::test]
async fn another_protocol_answers_first_on_both_ports() {
    let archive = with_faults(&["wire.garbage"]).await;
    let mut web = TcpStream::connect(web_address(&archive)).await.unwrap();
    assert!(ask(&mut web).await.unwrap().starts_with(b"SSH-2.0"));
    let mut dimse = TcpStream::connect(archive.dimse_addr()).await.unwrap();
    let mut greeting = [0; 7];
    dimse.read_exact(&mut greeting).await.unwrap();
    assert_eq!(&greeting, b"SSH-2.0");
}

#[tokio::test(start_paused = true)]
async fn faults_of_the_line_add_up() {
    let archive = with_faults(&["latency:of=1s", "bandwidth:bytes_per_second=1000"]).await;
    let mut stream = TcpStream::connect(web_address(&archive)).await.unwrap();
    let began = Instant::now();
    let mut answer = Vec::new();
    while answer.len() < 60 {
        if answer.is_empty() {
            answer = ask(&mut stream).await.unwrap();
        } else {
            stream.read_buf(&mut answer).await.unwrap();
        }
    }
    // Fifty bytes at a time (a twentieth of a second's), each a second late.
    let took = began.elapsed().as_secs_f64();
    assert!((2.0..2.5).contains(&took), "{took}");
}
