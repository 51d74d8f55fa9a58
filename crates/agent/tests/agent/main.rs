//! Agents as people run them: processes, signals, the command line, the control socket.
#![cfg(unix)]

mod events;
mod http;
mod interface;
mod life;
mod machine;
mod manager;
mod manners;
mod metrics;
mod partition;
mod permissions;
mod phi;
mod reload;
mod restart;
mod sealed;
mod settings;
mod snapshots;
mod state;
mod streams;
