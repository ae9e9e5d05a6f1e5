//! A report in MS's words.

use std::collections::HashMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    desk::reports::Names,
    domain::report::{Day, Durations, Figures, Report, States},
};

/// Tickets by state.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = MsReporteEstados)]
pub(super) struct Estados {
    pub(super) tickets: u64,
    pub(super) abiertos: u64,
    pub(super) en_progreso: u64,
    pub(super) cerrados: u64,
    pub(super) ignorados: u64,
}

impl From<States> for Estados {
    fn from(states: States) -> Self {
        let [abiertos, en_progreso, cerrados, ignorados] = states.0;
        Self { tickets: states.total(), abiertos, en_progreso, cerrados, ignorados }
    }
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsReporteDia)]
pub(super) struct Dia {
    #[schema(examples("01-05-2026"))]
    pub(super) dia: String,
    #[serde(flatten)]
    pub(super) estados: Estados,
}

/// Whole seconds.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = MsReporteTiempo)]
pub(super) struct Tiempo {
    /// Tickets with which it happened.
    pub(super) cantidad: u64,
    #[schema(required)]
    pub(super) promedio: Option<u64>,
    #[schema(required)]
    pub(super) mediana: Option<u64>,
    #[schema(required)]
    pub(super) p90: Option<u64>,
}

impl From<&Durations> for Tiempo {
    fn from(all: &Durations) -> Self {
        Self { cantidad: all.count(), promedio: all.average(), mediana: all.percentile(50), p90: all.percentile(90) }
    }
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsReporteCifras)]
pub(super) struct Cifras {
    #[serde(flatten)]
    pub(super) estados: Estados,
    pub(super) espera: Tiempo,
    pub(super) primera_respuesta: Tiempo,
    pub(super) atencion: Tiempo,
    /// Only days on which tickets were opened.
    pub(super) dias: Vec<Dia>,
}

impl From<&Figures> for Cifras {
    fn from(figures: &Figures) -> Self {
        let dia = |(day, states): (&Day, &States)| Dia { dia: date(*day), estados: (*states).into() };
        Self {
            estados: figures.states.into(),
            espera: (&figures.wait).into(),
            primera_respuesta: (&figures.response).into(),
            atencion: (&figures.handling).into(),
            dias: figures.days.iter().map(dia).collect(),
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsReporteCanal)]
pub(super) struct Canal {
    pub(super) cuen_id: i64,
    pub(super) cuen_descripcion: String,
    #[serde(flatten)]
    pub(super) cifras: Cifras,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsReporteGrupo)]
pub(super) struct Grupo {
    /// `null`: in no group.
    #[schema(required)]
    pub(super) grup_id: Option<i64>,
    pub(super) grup_nombre: String,
    #[serde(flatten)]
    pub(super) cifras: Cifras,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsReporteEjecutivo)]
pub(super) struct Ejecutivo {
    /// Who owns the tickets, closed them, or owned them last; `null`: nobody yet.
    #[schema(required)]
    pub(super) usua_id: Option<i64>,
    pub(super) usua_nombre: String,
    #[serde(flatten)]
    pub(super) cifras: Cifras,
}

/// Channels, groups and agents each add up to the total.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsReporte)]
pub(super) struct Reporte {
    desde: String,
    hasta: String,
    #[schema(examples("America/Santiago"))]
    zona: String,
    pub(super) total: Cifras,
    pub(super) canales: Vec<Canal>,
    pub(super) grupos: Vec<Grupo>,
    pub(super) ejecutivos: Vec<Ejecutivo>,
}

impl Reporte {
    pub(super) fn of(report: &Report, names: &Names, (first, last): (Day, Day), zone: &str) -> Self {
        let canal = |(id, figures): (&i64, &Figures)| Canal {
            cuen_id: *id,
            cuen_descripcion: named(&names.channels, Some(*id), ""),
            cifras: figures.into(),
        };
        let grupo = |(id, figures): (&Option<i64>, &Figures)| Grupo {
            grup_id: *id,
            grup_nombre: named(&names.groups, *id, "Sin grupo"),
            cifras: figures.into(),
        };
        let ejecutivo = |(id, figures): (&Option<i64>, &Figures)| Ejecutivo {
            usua_id: *id,
            usua_nombre: named(&names.agents, *id, "Sin ejecutivo"),
            cifras: figures.into(),
        };
        Self {
            desde: date(first),
            hasta: date(last),
            zona: zone.to_owned(),
            total: (&report.total).into(),
            canales: report.channels.iter().map(canal).collect(),
            grupos: report.groups.iter().map(grupo).collect(),
            ejecutivos: report.agents.iter().map(ejecutivo).collect(),
        }
    }
}

fn named(names: &HashMap<i64, String>, id: Option<i64>, nobody: &str) -> String {
    id.map_or_else(|| nobody.to_owned(), |id| names.get(&id).cloned().unwrap_or_default())
}

/// `01-05-2026`.
pub(super) fn date((year, month, day): Day) -> String {
    format!("{day:02}-{month:02}-{year:04}")
}
