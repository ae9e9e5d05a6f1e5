//! What customers of an invented shop say.

/// The invented shop.
pub(in crate::demo) const SHOP: &str = "Casa Luma";

/// One reason to write to a shop, told in several messages.
#[derive(Debug)]
pub(super) struct Topic {
    /// As a mail's subject.
    pub(super) subject: &'static str,
    pub(super) lines: &'static [&'static str],
}

pub(super) const TOPICS: [Topic; 12] = [
    Topic {
        subject: "Pedido que no llega",
        lines: &[
            "Hola, buenas tardes 👋",
            "Hice un pedido el martes y todavía no me llega",
            "El seguimiento dice «en tránsito» desde hace tres días…",
            "¿Me pueden decir cuándo llega, por favor?",
            "Perfecto, quedo atenta. ¡Muchas gracias!",
        ],
    },
    Topic {
        subject: "Cambio de talla",
        lines: &[
            "Buenos días, quiero cambiar una cortina por otra medida",
            "La que compré es de 140 × 220 y necesito 140 × 240",
            "Está nueva, con etiqueta y boleta",
            "¿Puedo hacer el cambio en la tienda de Ñuñoa?",
        ],
    },
    Topic {
        subject: "Lámpara con falla",
        lines: &[
            "Hola, la lámpara que compré el mes pasado dejó de encender",
            "Ya probé con otra ampolleta y nada 😕",
            "¿Todavía está en garantía?",
            "Tengo la boleta a mano por si la necesitan",
            "¿Y cuánto demora la revisión?",
        ],
    },
    Topic {
        subject: "Cotización para oficina",
        lines: &[
            "Buen día. Necesitamos cotizar 24 sillas para una oficina",
            "Serían con despacho a Concepción y factura",
            "¿Hay descuento por cantidad?",
            "El plazo ideal sería antes de fin de mes",
        ],
    },
    Topic {
        subject: "Me cobraron dos veces",
        lines: &[
            "Hola, me aparece el mismo cobro dos veces en la tarjeta 😟",
            "Son $ 39.990 cada uno, con un minuto de diferencia",
            "¿Me ayudan a anular uno, por favor?",
            "El banco dice que debe hacerlo el comercio",
        ],
    },
    Topic {
        subject: "Dirección equivocada",
        lines: &[
            "Hola! Puse mal la dirección en mi compra 🙈",
            "El número correcto es Av. Los Álamos 1450, depto. 32",
            "¿Alcanzan a corregirlo antes del despacho?",
            "¡Uf, gracias! Me salvaron el día",
        ],
    },
    Topic {
        subject: "Horario de la tienda",
        lines: &[
            "Hola, ¿a qué hora abren mañana sábado?",
            "¿Y hay estacionamiento para clientes?",
            "Genial, nos vemos entonces 🙌",
        ],
    },
    Topic {
        subject: "Devolución de mesa",
        lines: &[
            "Buenas, la mesa llegó con una pata rayada",
            "Preferiría devolverla antes que repararla",
            "¿La retiran ustedes o la llevo yo?",
            "El jueves después de las 15:00 hay alguien en casa",
            "Listo, quedo esperando al transportista",
        ],
    },
    Topic {
        subject: "Stock del sillón verde",
        lines: &[
            "Hola, ¿les queda el sillón verde de la vitrina?",
            "¿En qué medidas viene?",
            "¿Se puede pagar en cuotas sin interés?",
            "Me lo llevo 😍 ¿cómo lo reservo?",
        ],
    },
    Topic {
        subject: "Factura con RUT incorrecto",
        lines: &[
            "Estimados, la factura 4821 salió con un RUT que no es el nuestro",
            "¿Pueden emitir una nota de crédito y volver a facturar?",
            "Lo necesito para el cierre contable de este mes",
        ],
    },
    Topic {
        subject: "Instalación de repisas",
        lines: &[
            "Hola, ¿el precio de las repisas incluye instalación?",
            "Son tres, en muro de tabiquería",
            "¿Qué día podrían venir? Puedo martes o miércoles",
            "Entonces el miércoles en la mañana, gracias 😊",
        ],
    },
    Topic {
        subject: "Código de descuento",
        lines: &[
            "Hola, el código LUMA10 me dice «no válido»",
            "Me llegó ayer por correo, debería servir hasta el domingo",
            "Ahora sí funcionó, ¡gracias!",
        ],
    },
];

/// What staff answer in the platform's own app.
pub(super) const ANSWERS: [&str; 6] = [
    "Hola, ya lo estamos revisando y te contamos enseguida 🙂",
    "¡Gracias por escribirnos! ¿Nos compartes el número de tu pedido?",
    "Listo, quedó corregido. Te llegará una confirmación por correo",
    "Lo sentimos mucho. Hoy mismo coordinamos el retiro",
    "Sí, nos quedan dos unidades en tienda",
    "Te esperamos: abrimos de 10:00 a 19:00",
];

/// What people add to a mail that was not answered.
pub(super) const REMINDERS: [&str; 4] = [
    "¿Alguna novedad con lo que les escribí?",
    "Agrego un dato: mi número de cliente es 20417",
    "Sigo atento a su respuesta, gracias",
    "Disculpen la insistencia, ¿pudieron revisarlo?",
];

pub(super) const CAPTIONS: [&str; 6] = [
    "Así llegó la caja 😕",
    "Esta es la etiqueta del producto",
    "Miren la diferencia de color",
    "Aquí se ve el número de serie",
    "¿Es este el modelo correcto?",
    "Pantallazo del cobro",
];

pub(super) const FILES: [&str; 4] =
    ["boleta-4821.pdf", "Orden de compra nº 77.pdf", "cotización firmada.pdf", "comprobante_transferencia.pdf"];

/// Name, address, latitude and longitude of places that exist only here.
pub(super) const PLACES: [(&str, &str, f64, f64); 3] = [
    ("Casa", "Av. Los Álamos 1450, depto. 32", -33.4502, -70.6103),
    ("Oficina", "Pasaje Ñandú 88, piso 4", -36.8201, -73.0444),
    ("Bodega", "Camino El Roble s/n", -33.0458, -71.6197),
];

pub(super) const EMOJI: [&str; 5] = ["👍", "❤️", "🙏", "😂", "😮"];

/// Posts of the shop's Page.
pub(super) const POSTS: [&str; 4] = [
    "¡Llegó la colección de invierno! ❄️ Mantas y cojines desde $ 9.990",
    "Este sábado abrimos a las 10:00 con 20 % en iluminación 💡",
    "Sorteo: etiqueta a quien le regalarías este sillón",
    "Nueva tienda en Ñuñoa 🏡 ¡Los esperamos!",
];

/// What people ask under a post.
pub(super) const COMMENTS: [&str; 8] = [
    "¿Precio?",
    "¿Hacen envíos a Punta Arenas?",
    "Compré uno y llegó fallado, nadie me responde 😡",
    "¡Qué lindo! ¿Hasta cuándo dura la oferta?",
    "¿Lo tienen en azul?",
    "Mandé un correo hace una semana y nada…",
    "¿El 20 % es también en la web?",
    "Excelente atención en la tienda, ¡gracias! 👏",
];

/// What they add below their own comment.
pub(super) const REPLIES: [&str; 3] =
    ["¿Y el despacho cuánto sale?", "¿Alguien me responde? 🙏", "Ya les escribí por interno"];
