//! Reaching the broker.

use std::{
    io, net,
    os::fd::AsFd,
    sync::{Arc, Mutex},
    time::Duration,
};

use lapin::{
    Connection, ConnectionProperties, runtime,
    tcp::{AMQPUriTcpExt, AsyncTcpStream, TLSConfig},
    uri::{AMQPScheme, AMQPUri},
};
use secrecy::ExposeSecret;
use tokio::net::TcpStream;

use super::{RabbitSettings, in_time, lock, topology::broken};
use crate::queue::QueueError;

/// For the connection and its handshake.
const CONNECT: Duration = Duration::from_secs(10);
/// Seconds between heartbeats, where the URL says nothing: a dead broker is noticed after two.
const HEARTBEAT: u16 = 15;

/// Bytes of a frame, where the URL says nothing. The client keeps two buffers of 32 frames for each connection, however
/// little is in them; larger messages go in several frames.
const FRAME: u32 = 32 * 1024;

/// Connects. Nothing that it says holds the URL.
pub(super) async fn connect(settings: &RabbitSettings, name: &str) -> Result<Connection, QueueError> {
    let mut uri: AMQPUri = settings
        .url
        .expose_secret()
        .parse()
        .map_err(|_| QueueError::Broker("queue.url is not a valid AMQP URL".to_owned()))?;
    uri.query.heartbeat.get_or_insert(HEARTBEAT);
    uri.query.frame_max.get_or_insert(FRAME);
    let properties = ConnectionProperties::default().with_connection_name(name.into());
    let lifeline = Lifeline::default();
    let attempt = lifeline.0.clone();
    let connecting = async {
        let runtime = runtime::default_runtime().map_err(broken)?;
        let connector = Connection::connector(
            uri,
            runtime,
            async move |uri, runtime| {
                // Plain at first, whatever the scheme: the socket is ours to hold only before TLS has it.
                let plain = AMQPUri { scheme: AMQPScheme::AMQP, ..uri.clone() };
                let opening = async {
                    let stream = plain.connect_with_config_async(TLSConfig::default(), &runtime).await?;
                    if let AsyncTcpStream::Plain(socket) = &stream {
                        hold(&attempt, socket.get_ref())?;
                    }
                    match uri.scheme {
                        AMQPScheme::AMQP => Ok(stream),
                        AMQPScheme::AMQPS => stream.into_tls(&uri.authority.host, TLSConfig::default()).await,
                    }
                };
                Ok(tokio::time::timeout(CONNECT, opening).await.map_err(io::Error::from)??)
            },
            properties,
        );
        connector.await.map_err(broken)
    };
    let connection = in_time(CONNECT, connecting).await?;
    lifeline.release();
    Ok(connection)
}

/// Ends an attempt to connect that takes too long or that nobody waits for any more.
///
/// The client has no time limit for the handshake and a thread for each connection: against a server that takes
/// connections and says nothing, every attempt would leave one behind for ever. So a second handle of the socket is
/// kept until the handshake is done or given up.
#[derive(Debug, Default)]
struct Lifeline(Arc<Mutex<Attempt>>);

#[derive(Debug, Default)]
enum Attempt {
    #[default]
    Begun,
    Open(net::TcpStream),
    Over,
}

fn hold(attempt: &Mutex<Attempt>, socket: &TcpStream) -> io::Result<()> {
    // Acknowledgements are small and must not wait for company.
    socket.set_nodelay(true)?;
    let mut attempt = lock(attempt);
    match *attempt {
        Attempt::Over => Err(io::ErrorKind::TimedOut.into()),
        Attempt::Begun | Attempt::Open(_) => {
            *attempt = Attempt::Open(socket.as_fd().try_clone_to_owned()?.into());
            Ok(())
        }
    }
}

impl Lifeline {
    /// The handshake is done: the connection is the client's alone.
    fn release(&self) {
        *lock(&self.0) = Attempt::Over;
    }
}

impl Drop for Lifeline {
    fn drop(&mut self) {
        if let Attempt::Open(socket) = std::mem::replace(&mut *lock(&self.0), Attempt::Over) {
            // It may be closed already.
            _ = socket.shutdown(net::Shutdown::Both);
        }
    }
}
