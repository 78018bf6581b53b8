use bytes::Bytes;
use dicom_wire::multipart::{
    Boundary, Decoder, Error, ErrorKind, Event, Headers, MAX_HEADER_BYTES, Writer,
};
use proptest::prelude::*;

/// A part as a reader sees it once the cuts between data events are forgotten.
#[derive(Debug, Clone, PartialEq, Default)]
struct Part {
    headers: Headers,
    data: Vec<u8>,
    complete: bool,
}

fn decode(
    boundary: &str,
    chunks: impl IntoIterator<Item = Bytes>,
) -> (Vec<Part>, Result<(), Error>) {
    let mut decoder = Decoder::new(&Boundary::parse(boundary).unwrap());
    let mut parts = Vec::new();
    let mut drain = |decoder: &mut Decoder| -> Result<(), Error> {
        while let Some(event) = decoder.poll()? {
            match event {
                Event::PartStart(headers) => parts.push(Part {
                    headers,
                    ..Part::default()
                }),
                Event::Data(data) => {
                    assert!(!data.is_empty());
                    parts.last_mut().unwrap().data.extend_from_slice(&data);
                }
                Event::PartEnd => parts.last_mut().unwrap().complete = true,
                Event::End => {}
            }
        }
        Ok(())
    };
    let mut result = Ok(());
    for chunk in chunks {
        decoder.push(chunk);
        result = drain(&mut decoder);
        if result.is_err() {
            break;
        }
    }
    let result = result.and_then(|()| decoder.finish());
    (parts, result)
}

fn whole(body: &[u8]) -> (Vec<Part>, Result<(), Error>) {
    decode("b", [Bytes::copy_from_slice(body)])
}

fn data_of(body: &[u8]) -> Vec<Vec<u8>> {
    let (parts, result) = whole(body);
    result.unwrap();
    assert!(parts.iter().all(|part| part.complete));
    parts.into_iter().map(|part| part.data).collect()
}

fn written(boundary: &str, parts: &[(Headers, Vec<u8>)]) -> Vec<u8> {
    let mut writer = Writer::new(Boundary::parse(boundary).unwrap());
    let mut body = Vec::new();
    for (headers, data) in parts {
        body.extend_from_slice(&writer.part_head(headers));
        body.extend_from_slice(data);
    }
    body.extend_from_slice(&writer.close());
    body
}

#[test]
fn preamble_padding_and_epilogue_are_no_data() {
    let body = b"hello\r\nworld\r\n--b \t \r\nContent-TYPE: a/b\r\n\r\none\r\n--b\r\n\r\ntwo\r\n--b--  \r\nbye\r\n--b\r\n";
    let (parts, result) = whole(body);
    assert_eq!(result, Ok(()));
    assert_eq!(parts.len(), 2);
    assert_eq!(parts[0].headers.field("content-type"), Some("a/b"));
    assert_eq!(
        parts[0].headers.content_type().unwrap().unwrap().essence(),
        "a/b"
    );
    assert!(parts[1].headers.is_empty());
    assert_eq!(
        (&*parts[0].data, &*parts[1].data),
        (&b"one"[..], &b"two"[..])
    );
}

#[test]
fn data_may_look_like_a_delimiter_anywhere_but_at_a_line_start() {
    let cases: [&[u8]; 10] = [
        b"x--b",
        b"x--b--",
        b"\n--b\r\n",
        b"\r--b",
        b"\r\n-",
        b"\r\n--",
        b"\r\n--bc",
        b"\r\n--b-c",
        b"\r\r\n\r\n-\r\n--\r\n--B\r\n",
        b"\r\n--b \rx",
    ];
    for data in cases {
        let body = [b"--b\r\n\r\n", data, b"\r\n--b--\r\n"].concat();
        assert_eq!(
            data_of(&body),
            [data],
            "{:?}",
            String::from_utf8_lossy(data)
        );
    }
}

#[test]
fn a_part_may_end_in_a_line_break_or_hyphens_or_be_empty() {
    for data in [
        &b""[..],
        b"\r\n",
        b"\r",
        b"\n",
        b"--",
        b"-",
        b"a\r\n",
        b"\r\n\r\n",
    ] {
        let body = [b"--b\r\n\r\n", data, b"\r\n--b--"].concat();
        assert_eq!(data_of(&body), [data]);
    }
    assert_eq!(data_of(b"--b\r\nA: b\r\n\r\n--b--"), [b""]);
    assert_eq!(data_of(b"--b--"), [[0; 0]; 0]);
}

#[test]
fn folded_fields_are_one_field() {
    let (parts, _) =
        whole(b"--b\r\nContent-Type: multipart/related;\r\n type=\"a/b\"\r\nX:\r\n\r\n\r\n--b--");
    assert_eq!(
        parts[0].headers.field("CONTENT-TYPE"),
        Some("multipart/related; type=\"a/b\"")
    );
    assert_eq!(parts[0].headers.field("x"), Some(""));
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let long = [b"--b\r\nX: ", &vec![b'y'; MAX_HEADER_BYTES][..]].concat();
    let wide = [b"--b", &vec![b' '; 300][..]].concat();
    let cases: [(&[u8], &str); 13] = [
        (b"", "the body is empty (at byte 0 of the body)"),
        (
            b"just some text",
            "the body holds no line --b (at byte 14 of the body)",
        ),
        (
            b"--bb\r\n\r\nx\r\n--bb--",
            "the body holds no line --b (at byte 17 of the body)",
        ),
        (
            b"--b\nA: b\n\nx\n--b--\n",
            "a line ends in a bare LF where CRLF is required (at byte 3 of the body)",
        ),
        (
            b"--b\r\nA: b\n\nx",
            "a line ends in a bare LF where CRLF is required (at byte 10 of the body)",
        ),
        (
            b"--b\r\nnothing\r\n\r\nx",
            "the header of part 1 holds the line \"nothing\", which is no field (at byte 16 of the body)",
        ),
        (
            b"--b\r\nA: b",
            "the body ends inside the header of part 1 (at byte 9 of the body)",
        ),
        (
            b"--b\r\nA: b\r\n",
            "the body ends inside the header of part 1 (at byte 11 of the body)",
        ),
        (
            b"--b\r\n\r\nabc",
            "the body ends inside part 1, after 3 bytes of its data, without a close delimiter (at byte 10 of the body)",
        ),
        (
            b"--b\r\n\r\nabc\r\n--",
            "the body ends inside part 1, after 7 bytes of its data, without a close delimiter (at byte 14 of the body)",
        ),
        (
            b"--b\r\n\r\nabc\r\n--b",
            "the body ends inside part 1, after 3 bytes of its data, without a close delimiter (at byte 15 of the body)",
        ),
        (&long, "the header of part 1 is longer than 16384 bytes"),
        (&wide, "more than 256 blanks after a boundary"),
    ];
    for (body, message) in cases {
        let error = whole(body).1.unwrap_err().to_string();
        assert!(error.starts_with(message), "{error} instead of {message}");
        let bytewise = decode(
            "b",
            body.iter().map(|byte| Bytes::copy_from_slice(&[*byte])),
        );
        if !message.contains("longer") {
            assert_eq!(bytewise.1.unwrap_err().to_string(), error);
        }
    }
}

#[test]
fn an_error_stays() {
    let mut decoder = Decoder::new(&Boundary::parse("b").unwrap());
    decoder.push(Bytes::from_static(b"--b\nx"));
    assert_eq!(decoder.poll().unwrap_err().kind, ErrorKind::BareLineFeed);
    decoder.push(Bytes::from_static(b"--b--"));
    assert!(decoder.poll().is_err());
    assert!(decoder.finish().is_err());
    assert!(!decoder.is_closed());
}

#[test]
fn big_data_is_handed_on_without_copying() {
    let data = Bytes::from(vec![7; 1 << 20]);
    let mut decoder = Decoder::new(&Boundary::parse("b").unwrap());
    decoder.push(Bytes::from_static(b"--b\r\n\r\n"));
    assert!(matches!(decoder.poll(), Ok(Some(Event::PartStart(_)))));
    decoder.push(data.clone());
    let Ok(Some(Event::Data(out))) = decoder.poll() else {
        panic!("no data")
    };
    assert_eq!(out.as_ptr(), data.as_ptr());
    assert_eq!(out.len(), data.len());
}

#[test]
fn a_request_that_dicomweb_client_recorded_is_read() {
    let body = include_bytes!("../../../fixtures/golden/web/stow.body");
    let head = include_str!("../../../fixtures/golden/web/stow.head");
    let content_type = head
        .lines()
        .find_map(|line| line.strip_prefix("Content-Type: "))
        .unwrap();
    let boundary = Boundary::from_content_type(content_type).unwrap();

    for size in [1, 7, 1000, body.len()] {
        let chunks = body.chunks(size).map(Bytes::copy_from_slice);
        let (parts, end) = decode(boundary.as_str(), chunks);
        assert_eq!(end, Ok(()));
        assert_eq!(parts.len(), 2);
        for part in parts {
            assert_eq!(
                part.headers.field("content-type"),
                Some("application/dicom")
            );
            assert_eq!(&part.data[128..132], b"DICM");
        }
    }
}

/// Bytes that like to look like delimiters of "b" and "bb".
fn tricky() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"\r\n".to_vec()),
        Just(b"--".to_vec()),
        Just(b"b".to_vec()),
        Just(b"\r\n--".to_vec()),
        Just(b" ".to_vec()),
        Just(b":".to_vec()),
        prop::collection::vec(any::<u8>(), 0..8),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

fn cut(body: &[u8], cuts: &[prop::sample::Index]) -> Vec<Bytes> {
    let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(body.len() + 1)).collect();
    places.sort_unstable();
    places.push(body.len());
    let mut from = 0;
    places
        .into_iter()
        .map(|to| Bytes::copy_from_slice(&body[std::mem::replace(&mut from, to)..to]))
        .collect()
}

async fn by_multer(body: Vec<u8>, boundary: &str) -> Option<Vec<Vec<u8>>> {
    let stream = futures_util::stream::iter([Ok::<_, std::io::Error>(body)]);
    let mut multipart = multer::Multipart::new(stream, boundary);
    let mut parts = Vec::new();
    while let Some(field) = multipart.next_field().await.ok()? {
        parts.push(field.bytes().await.ok()?.to_vec());
    }
    Some(parts)
}

proptest! {
    #[test]
    fn however_input_is_split_it_says_the_same(
        body in tricky(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let body = [b"--b\r\n", &body[..]].concat();
        let (expected, end) = whole(&body);
        let (parts, split_end) = decode("b", cut(&body, &cuts));
        prop_assert_eq!(parts, expected);
        prop_assert_eq!(split_end, end);
    }

    #[test]
    fn what_is_written_is_read(
        boundary in "[a-zA-Z0-9'()+_,./:=?-][a-zA-Z0-9'()+_,./:=? -]{0,67}[a-zA-Z0-9'()+_,./:=?-]",
        parts in prop::collection::vec(
            (prop::collection::vec(("[A-Za-z-]{1,12}", "[!-~][ -~]{0,20}[!-~]"), 0..4), tricky()),
            0..5,
        ),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let delimiter = format!("\r\n--{boundary}");
        prop_assume!(parts.iter().all(|(_, data)| {
            memchr::memmem::find(data, delimiter.as_bytes()).is_none()
                && !data.starts_with(&delimiter.as_bytes()[2..])
        }));
        let parts: Vec<(Headers, Vec<u8>)> = parts
            .into_iter()
            .map(|(headers, data)| (headers.into_iter().collect(), data))
            .collect();
        let body = written(&boundary, &parts);
        let (read, end) = decode(&boundary, cut(&body, &cuts));
        prop_assert_eq!(end, Ok(()));
        prop_assert!(read.iter().all(|part| part.complete));
        let read: Vec<_> = read.into_iter().map(|part| (part.headers, part.data)).collect();
        prop_assert_eq!(read, parts);
    }

    #[test]
    fn multer_reads_the_same(parts in prop::collection::vec(tricky(), 0..4)) {
        prop_assume!(parts.iter().all(|data| {
            memchr::memmem::find(data, b"\r\n--b").is_none() && !data.starts_with(b"--b")
        }));
        let headers = Headers::new().with("Content-Disposition", "form-data; name=\"a\"");
        let body = written("b", &parts.iter().map(|data| (headers.clone(), data.clone())).collect::<Vec<_>>());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let theirs = runtime.block_on(by_multer(body.clone(), "b"));
        prop_assert_eq!(theirs, Some(data_of(&body)));
    }

    #[test]
    fn no_bytes_make_it_panic_or_hang(body in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = whole(&body);
    }
}
