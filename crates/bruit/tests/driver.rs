//! The driver on real sockets, with a protocol that only shows what it does.

mod common;

use bruit::{Cut, Driver, StartError};
use bruit_proto::{Duration, Why};
use common::{Event, Probe, ping, probe, wait};
use tokio::net::TcpStream;

#[tokio::test]
async fn datagrams_go_there_and_back() {
    let (a, b) = (probe("127.0.0.1:0").await, probe("127.0.0.1:0").await);
    ping(&a, b.local_addr()).await;
    assert_eq!((a.traffic().packets_out, b.traffic().packets_in), (1, 1));
}

#[tokio::test]
async fn both_families_on_one_socket() {
    let both = probe("[::]:0").await;
    let port = both.local_addr().port();
    ping(&probe("127.0.0.1:0").await, ([127, 0, 0, 1], port).into()).await;
    ping(&probe("[::1]:0").await, format!("[::1]:{port}").parse().unwrap()).await;
    let v4 = probe("127.0.0.1:0").await;
    ping(&both, v4.local_addr()).await;
}

#[tokio::test]
async fn a_megabyte_goes_over_a_stream_by_credit() {
    let (a, b) = (probe("127.0.0.1:0").await, probe("127.0.0.1:0").await);
    let mut events = b.events();
    let contact = a.contact(b.local_addr()).await.unwrap();
    a.command(move |p, cx| p.give(cx, contact, 1 << 20, Duration::from_secs(5))).await.unwrap();
    wait(&mut events, |e| (*e == Event::Got(1 << 20)).then_some(())).await;
    assert!(a.traffic().stream_bytes_out >= 1 << 20);
    assert!(b.traffic().stream_bytes_in >= 1 << 20);
}

#[tokio::test]
async fn nobody_listening_refuses_at_once() {
    let (a, b) = (probe("127.0.0.1:0").await, probe("127.0.0.1:0").await);
    let nobody = b.local_addr();
    b.stop().await;
    let mut events = a.events();
    let contact = a.contact(nobody).await.unwrap();
    a.command(move |p, cx| p.give(cx, contact, 1, Duration::from_secs(60))).await.unwrap();
    assert_eq!(wait(&mut events, closed).await, Why::Refused);
}

#[tokio::test]
async fn behind_a_cut_nobody_answers() {
    let (a, b) = (probe("127.0.0.1:0").await, probe("127.0.0.1:0").await);
    a.faults().cut(Cut::These(vec![b.local_addr()])).await.unwrap();
    let mut events = a.events();
    let contact = a.contact(b.local_addr()).await.unwrap();
    a.command(move |p, cx| p.ping(cx, contact, 9)).await.unwrap();
    a.command(move |p, cx| p.give(cx, contact, 1, Duration::from_millis(100))).await.unwrap();
    assert_eq!(wait(&mut events, closed).await, Why::Late);
    assert_eq!((a.traffic().packets_faulted, b.traffic().packets_in), (1, 0));
    a.faults().cut(Cut::Nobody).await.unwrap();
    ping(&a, b.local_addr()).await;
}

#[tokio::test]
async fn a_connection_across_a_new_cut_ends() {
    let (a, b) = (probe("127.0.0.1:0").await, probe("127.0.0.1:0").await);
    let (mut ours, mut theirs) = (a.events(), b.events());
    let contact = a.contact(b.local_addr()).await.unwrap();
    a.command(move |p, cx| p.give(cx, contact, 10, Duration::from_secs(60))).await.unwrap();
    wait(&mut theirs, |e| (*e == Event::Got(10)).then_some(())).await;
    a.faults().cut(Cut::Everyone).await.unwrap();
    assert_eq!(wait(&mut ours, closed).await, Why::Reset);
}

#[tokio::test]
async fn a_paused_node_stands_still_and_is_told() {
    let (a, b) = (probe("127.0.0.1:0").await, probe("127.0.0.1:0").await);
    let mut theirs = b.events();
    let paused = b.faults().pause().await.unwrap();
    let contact = a.contact(b.local_addr()).await.unwrap();
    a.command(move |p, cx| p.ping(cx, contact, 5)).await.unwrap();
    assert!(tokio::time::timeout(Duration::from_millis(900), theirs.next()).await.is_err(), "it stands");
    drop(paused);
    let lost = wait(&mut theirs, |e| match e {
        Event::Stood(lost) => Some(*lost),
        Event::Pinged(_) => panic!("it is told before it reads"),
        _ => None,
    });
    let lost = lost.await;
    assert!(lost >= Duration::from_millis(700), "{lost:?}");
    wait(&mut theirs, |e| (*e == Event::Pinged(5)).then_some(())).await;
}

#[tokio::test]
async fn a_stopped_node_frees_its_port() {
    let a = probe("127.0.0.1:0").await;
    let at = a.local_addr().to_string();
    assert!(matches!(Driver::bind(&at).run(|_| Probe::default()).await, Err(StartError::InUse { .. })));
    a.stop().await;
    assert!(!a.is_running());
    assert!(a.look(|_| ()).await.is_err());
    probe(&at).await;
}

#[tokio::test]
async fn a_port_that_only_tcp_holds_is_in_use_too() {
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = taken.local_addr().unwrap();
    let error = Driver::bind(at.to_string()).run(|_| Probe::default()).await.unwrap_err();
    assert!(error.to_string().starts_with(&format!("{at} is in use")), "{error}");
    assert!(error.to_string().contains("bind another port"), "{error}");
}

#[tokio::test]
async fn bad_addresses_say_what_to_do() {
    let error = |at: &'static str| async move { Driver::bind(at).run(|_| Probe::default()).await.unwrap_err().to_string() };
    assert!(error("nonsense").await.contains("give host:port"));
    assert!(error("192.0.2.7:0").await.contains("not an address of this machine"));
    let long = Driver::bind("127.0.0.1:0").tag("k", "v".repeat(600)).run(|_| Probe::default()).await.unwrap_err();
    assert!(long.to_string().contains("shorten them to 512"), "{long}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_keeps_nobody_waiting() {
    let node = probe("127.0.0.1:0").await;
    let (flood, at) = (std::net::UdpSocket::bind("127.0.0.1:0").unwrap(), node.local_addr());
    let over = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let done = over.clone();
    let flooding = std::thread::spawn(move || {
        while !done.load(std::sync::atomic::Ordering::Relaxed) {
            let _ = flood.send_to(&[7; 100], at);
        }
    });
    let other = probe("127.0.0.1:0").await;
    let mut events = node.events();
    for _ in 0..100 {
        node.look(|_| ()).await.unwrap();
    }
    let contact = other.contact(at).await.unwrap();
    other.command(move |p, cx| p.give(cx, contact, 50_000, Duration::from_secs(20))).await.unwrap();
    wait(&mut events, |e| (*e == Event::Got(50_000)).then_some(())).await;
    while node.traffic().packets_in <= 1_000 {
        tokio::task::yield_now().await;
    }
    over.store(true, std::sync::atomic::Ordering::Relaxed);
    flooding.join().unwrap();
}

#[tokio::test]
async fn connections_that_say_nothing_or_nonsense_do_no_harm() {
    let node = probe("127.0.0.1:0").await;
    let mut kept = Vec::new();
    for i in 0..600 {
        let socket = TcpStream::connect(node.local_addr()).await.unwrap();
        let _ = socket.try_write(&[i as u8; 100]);
        kept.push(socket);
    }
    ping(&probe("127.0.0.1:0").await, node.local_addr()).await;
}

fn closed(event: &Event) -> Option<Why> {
    if let Event::Closed(why) = event { Some(*why) } else { None }
}
