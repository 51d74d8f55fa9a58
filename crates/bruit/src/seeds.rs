use crate::handle::Orders;
use crate::sockets;
use bruit_proto::PeerId;
use bruit_stacks::Full;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::time::sleep;

/// Names are looked up again this often: a seed that was replaced has another address.
const AGAIN: Duration = Duration::from_secs(60);
/// While no name could be looked up: the network may be just coming up.
const SOON: Duration = Duration::from_secs(5);

/// The addresses behind a seed: `host:port`, or a service's name.
pub(crate) async fn resolve(seed: &str) -> io::Result<Vec<SocketAddr>> {
    #[cfg(feature = "srv")]
    if crate::srv::is_service(seed) {
        let mut found = Vec::new();
        let mut last = None;
        for node in crate::srv::nodes(seed).await? {
            match sockets::resolve(&node).await {
                Ok(addresses) => found.extend(addresses),
                Err(error) => last = Some(error),
            }
        }
        return last.filter(|_| found.is_empty()).map_or(Ok(found), Err);
    }
    sockets::resolve(seed).await
}

/// Joins through the seeds, and again whenever their names may lead elsewhere, until the node stops.
pub(crate) async fn keep_joining(node: Orders<Full>, seeds: Vec<String>, me: Vec<SocketAddr>) {
    let forever = async {
        loop {
            let mut found = Vec::new();
            for seed in &seeds {
                found.extend(resolve(seed).await.unwrap_or_default());
            }
            found.retain(|at| !me.contains(at));
            let wait = if found.is_empty() { SOON } else { AGAIN };
            if join(&node, found).await.is_err() || seeds.iter().all(|s| s.parse::<SocketAddr>().is_ok()) {
                return;
            }
            sleep(wait).await;
        }
    };
    tokio::select! {
        () = node.0.closed() => {}
        () = forever => {}
    }
}

/// Hands these addresses to the node to join through; the contacts that stand for them, in order.
pub(crate) async fn join(node: &Orders<Full>, addresses: Vec<SocketAddr>) -> Result<Vec<PeerId>, crate::Stopped> {
    node.order(move |node, now| {
        let contacts: Vec<PeerId> = addresses.into_iter().map(|at| node.contact(at)).collect();
        if !contacts.is_empty() {
            node.command(now, |full, cx| full.join(cx, &contacts));
        }
        contacts
    })
    .await
}
