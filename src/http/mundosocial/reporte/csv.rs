//! A report as CSV (RFC 4180; UTF-8 with a byte order mark, which spreadsheets ask for): one line for each channel, group
//! and agent and for the total, and one more for each of their days.

use super::view::{Cifras, Estados, Reporte, Tiempo};

const MARK: &str = "\u{feff}";
const HEADER: [&str; 21] = [
    "agrupacion",
    "id",
    "nombre",
    "dia",
    "tickets",
    "abiertos",
    "en_progreso",
    "cerrados",
    "ignorados",
    "espera_cantidad",
    "espera_promedio",
    "espera_mediana",
    "espera_p90",
    "primera_respuesta_cantidad",
    "primera_respuesta_promedio",
    "primera_respuesta_mediana",
    "primera_respuesta_p90",
    "atencion_cantidad",
    "atencion_promedio",
    "atencion_mediana",
    "atencion_p90",
];

pub(super) fn table(report: &Reporte) -> String {
    let mut table = Table(MARK.to_owned());
    table.line(HEADER.iter().map(|name| (*name).to_owned()));
    table.group(["total", "", ""], &report.total);
    for canal in &report.canales {
        table.group(["canal", &canal.cuen_id.to_string(), &canal.cuen_descripcion], &canal.cifras);
    }
    for grupo in &report.grupos {
        table.group(["grupo", &id(grupo.grup_id), &grupo.grup_nombre], &grupo.cifras);
    }
    for ejecutivo in &report.ejecutivos {
        table.group(["ejecutivo", &id(ejecutivo.usua_id), &ejecutivo.usua_nombre], &ejecutivo.cifras);
    }
    table.0
}

fn id(id: Option<i64>) -> String {
    id.map(|id| id.to_string()).unwrap_or_default()
}

struct Table(String);

impl Table {
    fn group(&mut self, of: [&str; 3], cifras: &Cifras) {
        let times = [cifras.espera, cifras.primera_respuesta, cifras.atencion];
        let times = times.into_iter().flat_map(durations);
        self.line(of.map(str::to_owned).into_iter().chain([String::new()]).chain(states(cifras.estados)).chain(times));
        for dia in &cifras.dias {
            let none = std::iter::repeat_n(String::new(), 12);
            let day = dia.dia.clone();
            self.line(of.map(str::to_owned).into_iter().chain([day]).chain(states(dia.estados)).chain(none));
        }
    }

    fn line(&mut self, cells: impl Iterator<Item = String>) {
        for (n, cell) in cells.enumerate() {
            if n > 0 {
                self.0.push(',');
            }
            self.0.push_str(&quoted(&defused(cell)));
        }
        self.0.push_str("\r\n");
    }
}

fn states(of: Estados) -> [String; 5] {
    [of.tickets, of.abiertos, of.en_progreso, of.cerrados, of.ignorados].map(|count| count.to_string())
}

fn durations(of: Tiempo) -> [String; 4] {
    [Some(of.cantidad), of.promedio, of.mediana, of.p90]
        .map(|number| number.map(|number| number.to_string()).unwrap_or_default())
}

/// No spreadsheet takes a name for a formula.
fn defused(cell: String) -> String {
    match cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => format!("'{cell}"),
        false => cell,
    }
}

fn quoted(cell: &str) -> String {
    match cell.contains(['"', ',', '\r', '\n']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p9_cells_are_quoted_and_are_never_formulas() {
        let mut table = Table(String::new());
        let cells = ["a", "b,c", "d\"e", "f\r\ng", "=1+1", "+5", "-5", "@x", "\t=1", "=\"a,b\"", "ñ;1", ""];
        table.line(cells.into_iter().map(str::to_owned));
        let expected = "a,\"b,c\",\"d\"\"e\",\"f\r\ng\",'=1+1,'+5,'-5,'@x,'\t=1,\"'=\"\"a,b\"\"\",ñ;1,\r\n";
        assert_eq!(table.0, expected);
    }
}
