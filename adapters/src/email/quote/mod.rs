//! What the author wrote now: the text without quoted mail and signature (`email.md §7`).

mod markers;
mod signature;

use markers::Marker;

/// Stands in derived text where the HTML wraps a quoted mail; removed from every text that is kept.
pub(crate) const HTML_QUOTE: char = '\u{f8f0}';

/// Lines of one mail that are looked at for quotations.
const MAX_LINES: usize = 20_000;

/// The visible part of `text`; `forwards` says that the subject announces forwarded content. Never blank when `text`
/// is not.
pub(crate) fn visible(text: &str, forwards: bool) -> String {
    let lines: Vec<&str> = text.lines().take(MAX_LINES).collect();
    let own = match cut(&lines, forwards) {
        Cut::At(at) => signature::without(&lines[..at]),
        Cut::Nowhere if lines.len() < MAX_LINES => signature::without(&lines),
        Cut::Nowhere | Cut::KeepAll => return without_marker(text),
    };
    match own.join("\n").trim() {
        "" => without_marker(text),
        own => without_marker(own),
    }
}

/// `text` without [`HTML_QUOTE`].
pub(crate) fn without_marker(text: &str) -> String {
    match text.contains(HTML_QUOTE) {
        true => text
            .lines()
            .filter(|line| line.trim() != HTML_QUOTE.to_string())
            .collect::<Vec<_>>()
            .join("\n")
            .replace(HTML_QUOTE, "")
            .trim()
            .to_owned(),
        false => text.trim().to_owned(),
    }
}

enum Cut {
    /// The quoted mail starts at this line.
    At(usize),
    /// Nothing is quoted.
    Nowhere,
    /// Answers stand between or below quotations, or the rest is forwarded content.
    KeepAll,
}

fn cut(lines: &[&str], forwards: bool) -> Cut {
    let mut at = 0;
    while at < lines.len() {
        match markers::at(lines, at) {
            Marker::Forward => return Cut::KeepAll,
            Marker::HeaderBlock if forwards => return Cut::KeepAll,
            Marker::Divider | Marker::HeaderBlock => return Cut::At(at),
            Marker::Attribution(length) => match quoted_below(lines, at + length) {
                Some(true) => return Cut::At(at),
                Some(false) => return Cut::KeepAll,
                None if markers::is_certain(lines, at, length) => return Cut::At(at),
                None => {}
            },
            Marker::Quote => match quoted_below(lines, at) {
                Some(true) if lines[at..].iter().filter(|line| markers::is_quote(line)).count() > 1 => {
                    return Cut::At(at);
                }
                Some(true) => return Cut::Nowhere,
                _ => return Cut::KeepAll,
            },
            Marker::None => {}
        }
        at += 1;
    }
    Cut::Nowhere
}

/// Whether everything from `from` on is quotation (blank lines and a closing signature aside); `None` if the first
/// words there are no quotation.
fn quoted_below(lines: &[&str], from: usize) -> Option<bool> {
    let mut rest = lines[from.min(lines.len())..].iter().filter(|line| !line.trim().is_empty());
    if !markers::is_quote(rest.next()?) {
        return None;
    }
    let after: Vec<&str> = rest.skip_while(|line| markers::is_quote(line)).copied().collect();
    Some(after.is_empty() || signature::is_one(&after))
}

#[cfg(test)]
mod tests {
    use super::visible;

    fn own(text: &str) -> String {
        visible(text, false)
    }

    #[test]
    fn attributions_in_every_language_are_cut() {
        for attribution in [
            "On Fri, 5 May 2023 at 17:41, Ida <ida@example.net> wrote:",
            "On Fri, May 5, 2023 at 5:41 PM Support Team\n<support@example.org> wrote:",
            "On Friday, 5 May 2023,\nSupport Team of Example\n<support@example.org>\nwrote:",
            "Ida <ida@example.net> wrote on Fri, 5 May 2023:",
            "Am 05.05.2023 um 17:41 schrieb Ida <ida@example.net>:",
            "Ida <ida@example.net> schrieb am Fr., 5. Mai 2023, 17:41:",
            "Le ven. 5 mai 2023 à 17:41, Ida <ida@example.net> a écrit :",
            "El vie, 5 may 2023 a las 17:41, Ida (<ida@example.net>) escribió:",
            "El 5/5/2023 a las 17:41, Ida escribió:",
            "Op vr 5 mei 2023 om 17:41 schreef Ida <ida@example.net>:",
            "W dniu 05.05.2023 o 17:41, Ida pisze:",
            "Il giorno ven 5 mag 2023 alle ore 17:41 Ida <ida@example.net> ha scritto:",
            "Em sex., 5 de mai. de 2023 às 17:41, Ida <ida@example.net> escreveu:",
            "Den fre 5 maj 2023 kl 17:41 skrev Ida <ida@example.net>:",
            "5 мая 2023 г., Ида <ida@example.net> написал:",
            "Op 17-feb.-2023, om 13:18 heeft Ida <ida@example.net> het volgende geschreven:",
            "På 14 september 2023 på 02:23:18, Ida (ida@example.net) skrev:",
            "2011/4/7 Ida <ida@example.net>",
            "2014-10-17 11:28 GMT+03:00 Ida <\nida@example.net>:",
            "Sent from Samsung MobileIda <ida@example.net> wrote:",
            "2015/1/1 名前 <namae@example.jp>:",
            "2023年5月5日(金) 17:41 Ida <ida@example.net>:",
            "2023-05-05 17:41 GMT+02:00 Ida <ida@example.net>:",
        ] {
            assert_eq!(
                own(&format!("Sí, gracias.\n\n{attribution}\n\n> antes\n> y antes\n")),
                "Sí, gracias.",
                "{attribution}"
            );
        }
    }

    #[test]
    fn dividers_and_header_blocks_are_cut() {
        for divider in [
            "-----Original Message-----\nFrom: a",
            "-------- Ursprüngliche Nachricht --------\nVon: a",
            "----- Oprindelig meddelelse -----\nFra: a",
            "-----Mensaje original-----\nDe: a",
            "------On 12/29/2025 17:32 PM, Ida wrote-----\n\nold",
            "-----Reply Message-----\nold",
            "De : Ida [mailto:ida@example.net]\nEnvoyé : vendredi 23 janvier 2026\nÀ : x\nObjet : y\n\ntext",
            "Date: Wed, 16 May 2025 00:15:02 -0600\nTo: ida@example.net",
            "________________________________\nFrom: Ida <i@d.e>\nSent: Friday\nTo: x\nSubject: y\n\ntext",
            "From: Ida <i@d.e>\nSent: Friday\nTo: x\nSubject: y\n\ntext",
            "*De:* Ida\n*Enviado:* viernes\n*Para:* x\n*Asunto:* y\n\ntext",
            "Von: Ida\nGesendet: Freitag\nAn: x\nBetreff: y\n\ntext",
            "Fra: Ida\nSendt: fredag\nTil: x\nEmne: y\n\ntext",
            "Från: Ida\nSkickat: fredag\nTill: x\nÄmne: y\n\ntext",
            "##- Please type your reply above this line -##\n\nYour ticket",
            "On Friday, 5 May 2023, Ida <ida@example.net> wrote:\n\nunmarked old text",
        ] {
            assert_eq!(own(&format!("Antwort.\n\n{divider}")), "Antwort.", "{divider}");
        }
    }

    #[test]
    fn forwarded_content_stays() {
        let text =
            "Mira esto:\n\n---------- Forwarded message ---------\nFrom: Ida <i@d.e>\nDate: Fri\nSubject: y\n\ncontent";
        assert_eq!(own(text), text);
        let outlook = "Te lo paso.\n\nFrom: Ida\nSent: Friday\nTo: x\nSubject: y\n\ncontent";
        assert_eq!(visible(outlook, true), outlook);
    }

    #[test]
    fn interleaved_and_bottom_answers_keep_everything() {
        let interleaved = "On 5 May, Ida <i@d.e> wrote:\n> ¿uno?\nSí.\n> ¿dos?\nNo.";
        assert_eq!(own(interleaved), interleaved);
        let bottom = "On 5 May, Ida <i@d.e> wrote:\n> ¿uno?\n\nSí.";
        assert_eq!(own(bottom), bottom);
    }

    #[test]
    fn signatures_are_cut_and_nothing_becomes_empty() {
        assert_eq!(own("Hola\n\n-- \nIda\nTel. 1"), "Hola");
        assert_eq!(own("Hola\n\nSent from my iPhone"), "Hola");
        assert_eq!(own("Hola\n\nEnviado desde mi iPhone\n\n> viejo\n> y más"), "Hola");
        assert_eq!(own("Get Outlook for iOS"), "Get Outlook for iOS");
        assert_eq!(own("Hola, ¿llegó?\n\nSaludos cordiales,\nIda"), "Hola, ¿llegó?");
        assert_eq!(own("Hola\n\nOn 5 May, Ida <i@d.e> wrote:\n> x\n\nRegards,\nBob"), "Hola");
        assert_eq!(own("precio\n> 100"), "precio\n> 100");
        assert_eq!(own("> solo cita"), "> solo cita");
        assert_eq!(own("-- \nIda"), "-- \nIda");
        assert_eq!(own("Gracias"), "Gracias");
        assert_eq!(own("On 5 May, Ida <i@d.e> wrote:\n> x"), "On 5 May, Ida <i@d.e> wrote:\n> x");
        assert_eq!(own(""), "");
    }

    #[test]
    fn what_may_be_a_customers_question_stays() {
        for text in [
            "Hola,\n\nEnviado desde Lima el 3 de mayo, aun no llega…\n\n¿Qué hago?",
            "Guten Tag,\n\nvon meinem Konto wurde doppelt abgebucht.\nBitte prüfen Sie das.",
            "Hi\n\nSent via DHL on Monday, tracking 123.\nWhere is it?",
            "Sin novedad\n\nEnviado desde mi casa a Lima\ny no llegó el pedido",
            "Estimados:\nSaludos cordiales.\nMi pedido 55 no llegó.",
            "Hola\n\nSaludos,\nquiero saber de mi pedido 123.",
            "Necesito cambiar mi pedido\n\nSaludos\nIda\n\nPD: la dirección correcta es Sur 5",
            "Cambio de dirección\n\nRegards,\nIda\nPS Norte 7",
            "Mis datos:\nDe: Bogotá\nFecha: 5 de mayo\nPara: Lima\nPeso: 5 kg\n\n¿Cuánto cuesta?",
            "Hola\n--\nEl pedido 5 no llega",
            "¿Uno?\n\nSaludos\na\nb\nc\nd\ne\nf",
            "On 5 May, Ida <i@d.e> wrote:\n> x\n\nSent from my iPhone\n\nNo, llegó roto\nel lunes",
        ] {
            assert_eq!(own(text), text);
        }
    }

    #[test]
    fn signatures_of_every_form_are_still_cut() {
        for signature in [
            "Saludos\n\nIda Pérez\nJefa de Ventas\nTienda Uno S.A.\n+56 9 1234 5678\nwww.tienda.example",
            "Saludos cordiales,\nIda\n\nEnviado desde mi iPhone",
            "Sent from my iPhone\nGet Outlook for iOS",
            "Von meinem iPhone gesendet",
            "Mit freundlichen Grüßen\n\nIda Muster",
        ] {
            assert_eq!(own(&format!("¿Llegó mi pedido?\n\n{signature}")), "¿Llegó mi pedido?", "{signature}");
        }
    }

    #[test]
    fn ordinary_sentences_are_not_quotations() {
        for text in [
            "On Monday I called and Ida wrote:\nthe parcel is lost",
            "From: here to there it takes two days.",
            "Le informo que el pedido 12345 es este:\n1 camisa",
            "Mis datos:\nDe: Bogotá\nPara: Lima\n5 kg",
            "a ----- b",
        ] {
            assert_eq!(own(text), text);
        }
    }
}
