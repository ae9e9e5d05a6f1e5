//! National identity numbers, as they are stored and as people write them.

/// The stored form of a national identity number (RUT and the like): letters and digits only, upper case, so that
/// `12.345.678-k` and `12345678K` are one.
pub fn country_id(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect()
}

/// The stored forms under which the number that people write may be known, the likeliest first: as it is written; then
/// the same Chilean RUT with the check digit that was left out; then without the one that was given. No number of any
/// country is refused.
pub fn country_ids(text: &str) -> Vec<String> {
    let written = country_id(text);
    let with_digit = check_digit(&written).map(|digit| format!("{written}{digit}"));
    let without_digit = written
        .char_indices()
        .next_back()
        .and_then(|(at, last)| (check_digit(&written[..at]) == Some(last)).then(|| written[..at].to_owned()));
    if written.is_empty() {
        return Vec::new();
    }
    std::iter::once(written).chain(with_digit).chain(without_digit).collect()
}

/// The check digit of a RUT's number (modulo 11); `None` for what is no such number: six to eight digits.
fn check_digit(number: &str) -> Option<char> {
    if !(6..=8).contains(&number.len()) || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let weighted = number.bytes().rev().zip((2..=7).cycle()).map(|(byte, weight)| u32::from(byte - b'0') * weight);
    match 11 - weighted.sum::<u32>() % 11 {
        11 => Some('0'),
        10 => Some('K'),
        digit => char::from_digit(digit, 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_one_however_it_is_written() {
        assert_eq!(country_id(" 12.345.678-k "), "12345678K");
    }

    #[test]
    fn a_rut_is_found_with_and_without_its_check_digit() {
        // MS "Buscar Cliente": 123456785.
        for written in ["123456785", "12.345.678-5", "12345678-5"] {
            assert_eq!(country_ids(written), ["123456785", "12345678"], "{written}");
        }
        assert_eq!(country_ids("12.345.678"), ["12345678", "123456785"]);
        assert_eq!(country_ids("12345670"), ["12345670", "12345670K"]);
        assert_eq!(country_ids("12.345.675-0"), ["123456750", "12345675"]);
        assert_eq!(country_ids("12.345.675-1"), ["123456751"], "a digit that is none proves nothing");
    }

    #[test]
    fn numbers_of_other_countries_are_taken_as_they_are() {
        assert_eq!(country_ids("ab-12 34"), ["AB1234"]);
        assert_eq!(country_ids("Ñ1"), ["Ñ1"]);
        assert_eq!(country_ids(".-"), [] as [&str; 0]);
    }
}
