use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair},
};

use super::*;
use crate::Settings;

const NOW: Millis = 1_772_625_600_000;
const SECONDS: i64 = NOW / 1_000;

fn config(pairs: &[(&str, &str)]) -> Config {
    let pairs = pairs.iter().copied().chain([("address", "support@in.example.org")]);
    Config::of(&Settings::of(&crate::email::KIND, pairs).unwrap()).unwrap()
}

fn check(config: &Config, query: &str, headers: &[(&str, &str)], body: &str) -> Result<(), VerifyError> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.insert(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap());
    }
    verify(config, &WebhookRequest { query, headers: &map, body: &Bytes::from(body.to_owned()) }, NOW)
}

#[test]
fn p9_credentials_and_tokens() {
    let config = config(&[("webhook_user", "u"), ("webhook_password", "p:x"), ("webhook_token", "geheim")]);
    let basic = |pair: &str| format!("Basic {}", STANDARD.encode(pair));
    assert_eq!(check(&config, "", &[("Authorization", &basic("u:p:x"))], ""), Ok(()));
    assert_eq!(check(&config, "a=b&token=geheim", &[], ""), Ok(()));
    assert_eq!(check(&config, "", &[("X-Relevo-Token", "geheim")], ""), Ok(()));
    for wrong in ["u:p", "v:p:x", "u:", ":", ""] {
        assert!(check(&config, "", &[("Authorization", &basic(wrong))], "").is_err(), "{wrong}");
    }
    assert_eq!(check(&config, "", &[("Authorization", "Bearer geheim")], ""), Err(VerifyError::Malformed));
    assert!(check(&config, "token=geheim2", &[], "").is_err());
    assert!(check(&config, "token=", &[], "").is_err());
    assert_eq!(check(&config, "", &[], ""), Err(VerifyError::Missing));
}

#[test]
fn p9_without_any_secret_nothing_is_accepted() {
    let imap = config(&[("mode", "imap"), ("imap_host", "imap.example.org"), ("imap_password", "x")]);
    assert_eq!(check(&imap, "token=", &[("Authorization", "Basic Og==")], ""), Err(VerifyError::NotAccepted));
}

fn mailgun_form(timestamp: i64, key: &str, extra: &str) -> String {
    let mac = verify::mac(key.as_bytes(), &[timestamp.to_string().as_bytes(), b"tok"]);
    format!("{extra}recipient=a&timestamp={timestamp}&token=tok&signature={}", verify::hex(&mac))
}

#[test]
fn p9_mailgun_signs_time_and_token() {
    let config = config(&[("mailgun_signing_key", "clave")]);
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    let run = |body: &str| check(&config, "", &form, body);
    assert_eq!(run(&mailgun_form(SECONDS, "clave", "")), Ok(()));
    assert_eq!(run(&mailgun_form(SECONDS - 8 * 3_600, "clave", "")), Ok(()), "its retries go on for 8 h");
    assert_eq!(run(&mailgun_form(SECONDS - 13 * 3_600, "clave", "")), Err(VerifyError::Expired));
    assert_eq!(run(&mailgun_form(SECONDS + 301, "clave", "")), Err(VerifyError::Expired));
    assert_eq!(run(&mailgun_form(SECONDS, "otra", "")), Err(VerifyError::Mismatch));
    assert_eq!(
        run(&mailgun_form(SECONDS, "clave", "token=forged&signature=00&timestamp=1&")),
        Ok(()),
        "the last counts"
    );
    assert_eq!(run(&(mailgun_form(SECONDS, "clave", "") + "&token=forged")), Err(VerifyError::Mismatch));
    assert_eq!(run(&format!("timestamp={SECONDS}&token=tok&signature=zz")), Err(VerifyError::Malformed));
    assert_eq!(run("timestamp=x&token=tok&signature=00"), Err(VerifyError::Malformed));
    assert_eq!(run("recipient=a"), Err(VerifyError::Missing));
    assert_eq!(check(&config, "", &[], "From: a@b\n\nx"), Err(VerifyError::Missing));
    let json = [("Content-Type", "application/json")];
    let mac = verify::hex(&verify::mac(b"clave", &[SECONDS.to_string().as_bytes(), b"tok"]));
    let event =
        format!(r#"{{"signature":{{"timestamp":"{SECONDS}","token":"tok","signature":"{mac}"}},"event-data":{{}}}}"#);
    assert_eq!(check(&config, "", &json, &event), Ok(()));
    assert_eq!(check(&config, "", &json, &event.replace("\"tok\"", "\"tik\"")), Err(VerifyError::Mismatch));
    assert_eq!(check(&config, "", &json, "{}"), Err(VerifyError::Missing));
}

#[test]
fn p9_sendgrid_signs_time_and_body() {
    let random = SystemRandom::new();
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, document.as_ref(), &random).unwrap();
    let spki = [STANDARD.decode("MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgA=").unwrap(), pair.public_key().as_ref().to_vec()]
        .concat();
    assert_eq!(spki.len(), 91);
    let config = config(&[("sendgrid_public_key", &STANDARD.encode(&spki))]);
    let body = "--x\r\n\r\n--x--";
    let signature = STANDARD.encode(pair.sign(&random, format!("1772625600{body}").as_bytes()).unwrap());
    let run = |signature: &str, timestamp: &str, body: &str| {
        check(&config, "", &[(SENDGRID_SIGNATURE, signature), (SENDGRID_TIMESTAMP, timestamp)], body)
    };
    assert_eq!(run(&signature, "1772625600", body), Ok(()));
    assert_eq!(run(&signature, "1772625601", body), Err(VerifyError::Mismatch));
    assert_eq!(run(&signature, "1772625600", "other"), Err(VerifyError::Mismatch));
    assert_eq!(run("AAAA", "1772625600", body), Err(VerifyError::Mismatch));
    assert_eq!(run("!", "1772625600", body), Err(VerifyError::Malformed));
    assert_eq!(check(&config, "", &[(SENDGRID_SIGNATURE, &signature)], body), Err(VerifyError::Missing));
    assert_eq!(check(&config, "", &[], body), Err(VerifyError::Missing));
}

#[test]
fn p9_a_provider_s_signature_is_decisive_but_a_token_may_stand_alone() {
    let both = config(&[("mailgun_signing_key", "clave"), ("webhook_token", "geheim")]);
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    assert_eq!(check(&both, "token=geheim", &form, "from=a&text=b"), Ok(()));
    assert_eq!(check(&both, "token=geheim", &form, &mailgun_form(SECONDS, "otra", "")), Err(VerifyError::Mismatch));
    let token_only = config(&[("webhook_token", "geheim")]);
    assert_eq!(check(&token_only, "token=geheim", &form, &mailgun_form(SECONDS, "otra", "")), Ok(()));
}
