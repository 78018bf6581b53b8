use std::time::Duration;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::moment::{Ending, Idle, Latency, Rates, Slices, Spread, Stall};

/// A socket under a line, and the peer's end of its connection.
async fn pair(line: Line) -> (Socket, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let peer = TcpStream::connect(listener.local_addr().unwrap())
        .await
        .unwrap();
    let (stream, _) = listener.accept().await.unwrap();
    (Socket::with_line(stream, line), peer)
}

fn ending(after: u64, direction: Direction, manner: Manner) -> Line {
    Line {
        ending: Some(Ending {
            after,
            direction,
            manner,
        }),
        ..Line::default()
    }
}

async fn all_of(mut peer: TcpStream) -> (Vec<u8>, Option<io::ErrorKind>) {
    let mut bytes = Vec::new();
    let error = peer
        .read_to_end(&mut bytes)
        .await
        .err()
        .map(|error| error.kind());
    (bytes, error)
}

#[tokio::test]
async fn a_line_that_does_nothing_passes_everything_both_ways() {
    let (mut socket, mut peer) = pair(Line::default()).await;
    peer.write_all(b"question").await.unwrap();
    let mut question = [0; 8];
    socket.read_exact(&mut question).await.unwrap();
    socket.write_all(b"answer").await.unwrap();
    socket.shutdown().await.unwrap();
    assert_eq!(&question, b"question");
    assert_eq!(all_of(peer).await, (b"answer".to_vec(), None));
}

#[tokio::test]
async fn bytes_going_out_end_after_their_number() {
    let (mut socket, peer) = pair(ending(4, Direction::Outbound, Manner::Close)).await;
    let error = socket.write_all(b"answer").await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    assert_eq!(all_of(peer).await, (b"answ".to_vec(), None));
}

#[tokio::test]
async fn a_reset_is_an_error_at_the_peer() {
    let (mut socket, peer) = pair(ending(0, Direction::Outbound, Manner::Reset)).await;
    let error = socket.write_all(b"answer").await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    assert_eq!(
        all_of(peer).await,
        (vec![], Some(io::ErrorKind::ConnectionReset))
    );
}

#[tokio::test]
async fn bytes_coming_in_end_after_their_number() {
    let (mut socket, mut peer) = pair(ending(3, Direction::Inbound, Manner::Close)).await;
    peer.write_all(b"question").await.unwrap();
    let mut question = Vec::new();
    socket.read_to_end(&mut question).await.unwrap();
    assert_eq!(question, b"que");
}

#[tokio::test]
async fn a_refused_connection_is_reset_without_a_byte() {
    let (socket, peer) = pair(Line {
        refuse: true,
        ..Line::default()
    })
    .await;
    drop(socket);
    assert_eq!(
        all_of(peer).await,
        (vec![], Some(io::ErrorKind::ConnectionReset))
    );
}

#[tokio::test]
async fn a_silent_connection_is_held_until_the_peer_leaves() {
    let (mut socket, mut peer) = pair(Line {
        silent: true,
        ..Line::default()
    })
    .await;
    peer.write_all(b"question").await.unwrap();
    drop(peer);
    let mut question = Vec::new();
    socket.read_to_end(&mut question).await.unwrap();
    assert_eq!(question, b"");
    assert!(socket.write_all(b"answer").await.is_err());
}

#[tokio::test]
async fn garbage_comes_before_the_answer() {
    let (mut socket, peer) = pair(Line {
        garbage: Bytes::from_static(b"??"),
        ..Line::default()
    })
    .await;
    socket.write_all(b"answer").await.unwrap();
    drop(socket);
    assert_eq!(all_of(peer).await, (b"??answer".to_vec(), None));
}

#[tokio::test(start_paused = true)]
async fn a_slow_line_takes_its_time() {
    let began = Instant::now();
    let rates = Rates {
        outbound: Some(1000),
        ..Rates::default()
    };
    let (mut socket, peer) = pair(Line {
        rates,
        ..Line::default()
    })
    .await;
    socket.write_all(&[7; 1500]).await.unwrap();
    drop(socket);
    assert_eq!(all_of(peer).await, (vec![7; 1500], None));
    let took = began.elapsed();
    assert!((1_400..1_700).contains(&took.as_millis()), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_line_can_be_slow_one_way_only() {
    let began = Instant::now();
    let rates = Rates {
        inbound: Some(10),
        outbound: None,
    };
    let (mut socket, mut peer) = pair(Line {
        rates,
        ..Line::default()
    })
    .await;
    socket.write_all(&[7; 1500]).await.unwrap();
    assert!(began.elapsed() < Duration::from_millis(5));
    peer.write_all(&[7; 20]).await.unwrap();
    socket.read_exact(&mut [0; 20]).await.unwrap();
    assert!(
        began.elapsed() >= Duration::from_millis(1_900),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn a_late_line_waits_before_each_write_as_its_seed_says() {
    let latency = Some(Latency {
        of: Duration::from_millis(30),
        jitter: Duration::from_millis(100),
        spread: Spread::Uniform,
    });
    let mut waits = Vec::new();
    for seed in [1, 1, 2] {
        let (mut socket, _peer) = pair(Line {
            latency,
            seed,
            ..Line::default()
        })
        .await;
        let mut took = Vec::new();
        for _ in 0..8 {
            let began = Instant::now();
            socket.write_all(b"1").await.unwrap();
            took.push(began.elapsed().as_millis());
        }
        assert!(took.iter().all(|ms| (30..=132).contains(ms)), "{took:?}");
        waits.push(took);
    }
    assert_eq!(waits[0], waits[1]);
    assert_ne!(waits[0], waits[2]);
}

#[test]
fn latencies_are_spread_as_they_say() {
    let drawn = |spread| {
        let latency = Latency {
            of: Duration::from_millis(100),
            jitter: Duration::from_millis(10),
            spread,
        };
        let mut chance = ChaCha8Rng::seed_from_u64(7);
        let mut all: Vec<f64> = (0..10_000)
            .map(|_| latency.draw(&mut chance).as_secs_f64() * 1000.0)
            .collect();
        all.sort_by(f64::total_cmp);
        [0, 5_000, 9_989, 9_999].map(|at| all[at])
    };
    let [least, middle, _, most] = drawn(Spread::Uniform);
    assert!(least >= 100.0 && (middle - 105.0).abs() < 0.5 && most <= 110.0);
    let [least, middle, _, most] = drawn(Spread::Normal);
    assert!(least < 75.0 && (middle - 100.0).abs() < 0.5 && most > 125.0);
    let [least, middle, rare, _] = drawn(Spread::LongTail);
    assert!(
        least >= 100.0 && middle < 103.0 && rare > 180.0,
        "{middle} {rare}"
    );
}

#[tokio::test(start_paused = true)]
async fn bytes_pass_in_slices_both_ways() {
    let slices = Some(Slices {
        size: 3,
        vary: 2,
        pause: Duration::from_millis(10),
        direction: None,
    });
    let (mut socket, mut peer) = pair(Line {
        slices,
        ..Line::default()
    })
    .await;
    peer.write_all(b"a question of some length").await.unwrap();
    let mut pieces = Vec::new();
    let mut question = Vec::new();
    while question.len() < 25 {
        let mut piece = [0; 64];
        let read = socket.read(&mut piece).await.unwrap();
        pieces.push(read);
        question.extend_from_slice(&piece[..read]);
    }
    assert_eq!(question, b"a question of some length");
    assert!(
        pieces.iter().all(|read| (1..=5).contains(read)),
        "{pieces:?}"
    );
    let began = Instant::now();
    socket.write_all(&[7; 100]).await.unwrap();
    assert!(
        began.elapsed() >= Duration::from_millis(190),
        "{:?}",
        began.elapsed()
    );
    drop(socket);
    assert_eq!(all_of(peer).await, (vec![7; 100], None));
}

#[tokio::test(start_paused = true)]
async fn a_line_stands_still_once_and_goes_on() {
    let began = Instant::now();
    let stall = Some(Stall {
        after: 4,
        lasts: Duration::from_secs(9),
        direction: Direction::Outbound,
    });
    let (mut socket, mut peer) = pair(Line {
        stall,
        ..Line::default()
    })
    .await;
    let writing = tokio::spawn(async move {
        socket.write_all(b"answer").await.unwrap();
        socket.write_all(b" and more").await.unwrap();
    });
    peer.read_exact(&mut [0; 4]).await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(1));
    writing.await.unwrap();
    assert_eq!(all_of(peer).await, (b"er and more".to_vec(), None));
    let took = began.elapsed().as_secs_f64();
    assert!((9.0..9.1).contains(&took), "{took}");
}

#[tokio::test(start_paused = true)]
async fn a_line_on_which_nothing_passes_ends() {
    for (manner, error) in [
        (Manner::Close, None),
        (Manner::Reset, Some(io::ErrorKind::ConnectionReset)),
    ] {
        let began = Instant::now();
        let (mut socket, mut peer) = pair(Line {
            idle: Some(Idle {
                after: Duration::from_secs(5),
                manner,
            }),
            ..Line::default()
        })
        .await;
        peer.write_all(b"question").await.unwrap();
        socket.read_exact(&mut [0; 8]).await.unwrap();
        tokio::time::sleep(Duration::from_secs(4)).await;
        socket.write_all(b"answer").await.unwrap();
        let read = socket.read(&mut [0; 8]).await;
        assert_eq!(read.map_err(|error| error.kind()).err(), error);
        let took = began.elapsed().as_secs_f64();
        assert!((9.0..9.1).contains(&took), "{took}");
        drop(socket);
        assert_eq!(all_of(peer).await, (b"answer".to_vec(), error));
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_done_to_a_line_adds_up() {
    let (mut socket, peer) = pair(Line {
        garbage: Bytes::from_static(b"??"),
        latency: Some(Latency {
            of: Duration::from_secs(1),
            jitter: Duration::ZERO,
            spread: Spread::Uniform,
        }),
        slices: Some(Slices {
            size: 2,
            vary: 0,
            pause: Duration::from_secs(10),
            direction: Some(Direction::Outbound),
        }),
        ending: Some(Ending {
            after: 5,
            direction: Direction::Outbound,
            manner: Manner::Reset,
        }),
        ..Line::default()
    })
    .await;
    let began = Instant::now();
    let error = socket.write_all(b"answers").await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    // Three slices, each late, and two pauses between them.
    let took = began.elapsed().as_secs_f64();
    assert!((23.0..23.1).contains(&took), "{took}");
    let (bytes, error) = all_of(peer).await;
    assert!(b"??answe".starts_with(&bytes[..]));
    assert_eq!(error, Some(io::ErrorKind::ConnectionReset));
}

#[tokio::test]
async fn a_switch_ends_a_connection_that_somebody_else_owns() {
    let (mut socket, peer) = pair(Line::default()).await;
    let switch = socket.switch();
    socket.write_all(b"half").await.unwrap();
    switch.end(Manner::Reset);
    drop(socket);
    let (bytes, error) = all_of(peer).await;
    assert!(b"half".starts_with(&bytes));
    assert_eq!(error, Some(io::ErrorKind::ConnectionReset));
}
