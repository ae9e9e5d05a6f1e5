use super::*;

fn zip_of(names: &[&str]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for name in names {
        bytes.extend_from_slice(b"PK\x03\x04");
        bytes.extend_from_slice(&[0; 22]);
        bytes.extend_from_slice(&u16::try_from(name.len()).unwrap().to_le_bytes());
        bytes.extend_from_slice(&[0, 0]);
        bytes.extend_from_slice(name.as_bytes());
        bytes.extend_from_slice(b"content");
    }
    bytes
}

fn ogg(inside: &[u8]) -> Vec<u8> {
    let mut bytes = b"OggS".to_vec();
    bytes.resize(28, 0);
    bytes.extend_from_slice(inside);
    bytes
}

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
const JPEG: &[u8] = b"\xff\xd8\xff\xe0\0\x10JFIF\0";
const WEBP: &[u8] = b"RIFF\x24\0\0\0WEBPVP8 ";
const MP4: &[u8] = b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41";
const ELF: &[u8] = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x3e\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
const PE: &[u8] = b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0";

#[test]
fn the_bytes_say_what_a_file_is() {
    let docx =
        zip_of(&["[Content_Types].xml", "_rels/.rels", "docProps/app.xml", "docProps/core.xml", "word/document.xml"]);
    let odt = [zip_of(&["mimetype"]), b"".to_vec()].concat();
    let cases: [(&[u8], &str, MediaKind); 21] = [
        (PNG, "image/png", MediaKind::Image),
        (JPEG, "image/jpeg", MediaKind::Image),
        (WEBP, "image/webp", MediaKind::Image),
        (MP4, "video/mp4", MediaKind::Video),
        (&ogg(b"OpusHead\x01"), "audio/ogg", MediaKind::Audio),
        (b"%PDF-1.7\n", "application/pdf", MediaKind::Document),
        (&docx, "application/vnd.openxmlformats-officedocument.wordprocessingml.document", MediaKind::Document),
        (
            &zip_of(&["[Content_Types].xml", "xl/workbook.xml"]),
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            MediaKind::Document,
        ),
        (
            &zip_of(&["_rels/.rels", "ppt/presentation.xml"]),
            "application/vnd.openxmlformats-officedocument.presentationml.presentation",
            MediaKind::Document,
        ),
        (&zip_of(&["a.txt"]), "application/zip", MediaKind::Document),
        (&odt, "application/zip", MediaKind::Document),
        (b"Hola, \xc2\xbfqu\xc3\xa9 tal?", "text/plain", MediaKind::Document),
        (b"BMW, 2015", "text/plain", MediaKind::Document),
        (b"a;b;c\n1;2;3\n4;5;6\n", "text/csv", MediaKind::Document),
        (b"{\"a\": [1, 2]}", "application/json", MediaKind::Document),
        (b"BEGIN:VCARD\r\nVERSION:3.0", "text/vcard", MediaKind::Document),
        (b"\xef\xbb\xbf <!-- x --> <!DOCTYPE html><p>", "text/html", MediaKind::Document),
        (ELF, "application/x-executable", MediaKind::Document),
        (PE, "application/vnd.microsoft.portable-executable", MediaKind::Document),
        (b"\x01\x02\x03\x04\0\0", "application/octet-stream", MediaKind::Document),
        (b"", "application/octet-stream", MediaKind::Document),
    ];
    for (head, mime, kind) in cases {
        let found = sniff(head, None, None);
        assert_eq!((found.mime.as_str(), found.kind, found.agrees), (mime, kind, true));
    }
}

#[test]
fn p9_what_can_run_is_never_a_picture_whatever_it_says() {
    let svg =
        b"<?xml version=\"1.0\"?><!-- p --><svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>";
    let wide: Vec<u8> =
        [0xff, 0xfe].into_iter().chain("<html><script>".encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let page: &[u8] = b"\n\t <ScRiPt>alert(1)</script>";
    for head in [svg.as_slice(), &wide, page, ELF, PE, b"#!/bin/sh\nrm -rf /"] {
        let found = sniff(head, Some("image/png"), Some("foto.png"));
        assert!(!found.agrees && found.kind == MediaKind::Document && !found.mime.starts_with("image/"), "{found:?}");
        assert_eq!(kind_as(&found, MediaKind::Image), MediaKind::Document);
    }
    let honest = sniff(svg, Some("image/svg+xml"), Some("logo.svg"));
    assert_eq!((honest.mime.as_str(), honest.kind, honest.agrees), ("image/svg+xml", MediaKind::Document, true));
}

#[test]
fn a_statement_chooses_between_what_the_bytes_can_be() {
    for (head, stated, name, mime) in [
        (MP4, "audio/mp4", "a.m4a", "audio/mp4"),
        (MP4, "audio/x-m4a", "a.m4a", "audio/mp4"),
        (MP4, "video/3gpp", "a.3gp", "video/3gpp"),
        (&ogg(b"OpusHead\x01"), "audio/ogg; codecs=opus", "", "audio/ogg"),
        (b"a,b\n1,2", "text/csv", "x.csv", "text/csv"),
        (b"A\xf1o;Monto\n", "text/csv", "x.csv", "text/csv"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/msword", "x.doc", "application/msword"),
        (b"\xff\xfa\x90\x64\0", "audio/mpeg", "a.mp3", "audio/mpeg"),
        (JPEG, "image/jpg", "x.jpg", "image/jpeg"),
        (JPEG, "image/png", "x.png", "image/jpeg"),
        (b"\x01\x02\x03\0", "application/x-dwg", "x.dwg", "application/octet-stream"),
        (b"<p>Hola</p><html>", "text/plain", "x.txt", "text/html"),
    ] {
        let found = sniff(head, Some(stated), Some(name));
        assert_eq!((found.mime.as_str(), found.agrees), (mime, true), "{stated}");
    }
    for (head, stated) in [
        (b"solo texto".as_slice(), "image/jpeg"),
        (PNG, "application/pdf"),
        (PNG, "audio/mpeg"),
        (b"\x01\x02\x03\0", "image/png"),
        (b"solo texto", "application/pdf"),
    ] {
        assert!(!sniff(head, Some(stated), None).agrees, "{stated}");
    }
}

#[test]
fn a_sticker_a_voice_note_and_an_animation_are_what_their_sender_calls_so() {
    let (webp, opus, video) =
        (sniff(WEBP, None, None), sniff(&ogg(b"OpusHead\x01"), None, None), sniff(MP4, None, None));
    assert_eq!((webp.kind, kind_as(&webp, MediaKind::Sticker)), (MediaKind::Image, MediaKind::Sticker));
    assert_eq!((opus.kind, kind_as(&opus, MediaKind::Voice)), (MediaKind::Audio, MediaKind::Voice));
    assert_eq!(kind_as(&video, MediaKind::Animation), MediaKind::Animation);
    assert_eq!(kind_as(&webp, MediaKind::Document), MediaKind::Document);
    assert_eq!(kind_as(&webp, MediaKind::Voice), MediaKind::Image);
}

#[test]
fn p9_a_file_name_is_safe_to_show() {
    for (name, shown) in [
        ("informe.pdf", "informe.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Temp\\año \"1\".doc", "año _1_.doc"),
        ("foto\u{202e}gpj.exe", "fotogpj.exe"),
        ("a\r\nContent-Type: x\0.txt", "a Content-Type_ x.txt"),
        ("  .. ", "archivo.jpg"),
        ("", "archivo.jpg"),
        ("👩\u{200d}💻.png", "👩\u{200d}💻.png"),
    ] {
        assert_eq!(display_name(name, "image/jpeg"), shown);
    }
    let long = display_name(&format!("{}.docx", "ñ".repeat(500)), "");
    assert_eq!((long.chars().count(), long.ends_with("ñ.docx")), (120, true));
}

proptest::proptest! {
    #[test]
    fn p7_no_bytes_and_no_name_are_too_strange(head: Vec<u8>, cut in 0_usize..64, name: String) {
        for start in [PNG, MP4, WEBP, ELF, PE, b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"OggS", b"\xff\xfe<"] {
            let bytes = [&start[..cut.min(start.len())], head.as_slice()].concat();
            proptest::prop_assert!(!sniff(&bytes, Some("image/png"), Some(&name)).mime.is_empty());
        }
        proptest::prop_assert!(!display_name(&name, "application/pdf").is_empty());
    }
}
