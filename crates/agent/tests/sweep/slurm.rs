//! The script for Slurm, on Debian's Slurm with two nodes on loopback.

use crate::{Folder, SWEEP, contrib, text};
use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Debian's packages, and the program of each.
const PACKAGES: [(&str, &str); 4] =
    [("slurmctld", "slurmctld"), ("slurmd", "slurmd"), ("slurm-client", "sbatch"), ("munge", "munged")];
/// What takes longer than this does not happen.
const PATIENCE: Duration = Duration::from_secs(120);

fn run(command: &mut Command) -> Result<String, String> {
    let out = command.stdin(Stdio::null()).output().map_err(|e| format!("{command:?}: {e}"))?;
    if out.status.success() { Ok(text(&out.stdout)) } else { Err(format!("{command:?}: {}", text(&out.stderr).trim())) }
}

/// Installs what is missing.
fn installed() -> Result<(), String> {
    if run(Command::new("id").arg("-u"))?.trim() != "0" {
        return Err("its daemons run as root".into());
    }
    let missing = PACKAGES.iter().filter(|x| run(Command::new(x.1).arg("--version")).is_err()).map(|x| x.0);
    let missing: Vec<&str> = missing.collect();
    if !missing.is_empty() {
        run(Command::new("apt-get").args(["update", "-q"]))?;
        let install = ["install", "-qy", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=120"];
        run(Command::new("apt-get").args(install).args(&missing).env("DEBIAN_FRONTEND", "noninteractive"))?;
    }
    Ok(())
}

/// A cluster of two nodes of two cores, all on this machine. Its daemons end with it.
struct Slurm<'a> {
    folder: &'a Folder,
    daemons: Vec<Child>,
}

impl Slurm<'_> {
    fn start(folder: &Folder) -> Slurm<'_> {
        let mut slurm = Slurm { folder, daemons: Vec::new() };
        let at = folder.0.display();
        ["state", "n0", "n1"].iter().for_each(|name| fs::create_dir_all(folder.0.join(name)).expect("a folder"));
        // What no daemon of another user may read.
        folder.write("key", &"0123456789abcdef".repeat(8));
        fs::set_permissions(folder.0.join("key"), fs::Permissions::from_mode(0o600)).expect("permissions");
        folder.write("slurm.conf", &conf(&folder.0));
        let munge = format!(
            "--foreground --force --key-file={at}/key --socket={at}/munge --pid-file={at}/munge.pid --seed-file={at}/seed \
             --log-file={at}/munge.log"
        );
        slurm.daemon("munged", &munge);
        slurm.until("munge", || fs::exists(folder.0.join("munge")).expect("a folder").then_some(()));
        slurm.daemon("slurmctld", "-D");
        slurm.daemon("slurmd", "-D -N n0");
        slurm.daemon("slurmd", "-D -N n1");
        slurm.until("two idle nodes", || {
            let idle = run(&mut slurm.client("sinfo", "-h -t idle -o %D")).ok()?;
            (idle.trim() == "2").then_some(())
        });
        slurm
    }

    /// A program that finds the cluster.
    fn client(&self, program: &str, words: &str) -> Command {
        let mut command = Command::new(program);
        command.args(words.split_whitespace()).env("SLURM_CONF", self.folder.0.join("slurm.conf")).current_dir(&self.folder.0);
        command
    }

    fn daemon(&mut self, program: &str, words: &str) {
        let mut command = self.client(program, words);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        self.daemons.push(child.unwrap_or_else(|e| panic!("{program}: {e}")));
    }

    /// Asks until there is an answer.
    fn until<T>(&self, what: &str, answer: impl Fn() -> Option<T>) -> T {
        let start = Instant::now();
        loop {
            if let Some(answer) = answer() {
                return answer;
            }
            assert!(start.elapsed() < PATIENCE, "{what}: not after {PATIENCE:?}; {}", self.folder.read("slurmctld.log"));
        }
    }
}

impl Drop for Slurm<'_> {
    fn drop(&mut self) {
        // Jobs first: whoever runs them would outlive its daemon.
        let _ = run(&mut self.client("scancel", "--full --user root"));
        for daemon in self.daemons.iter_mut().rev() {
            let _ = run(Command::new("kill").arg(daemon.id().to_string()));
            let _ = daemon.wait();
        }
    }
}

/// Three ports that are free now.
fn ports() -> [u16; 3] {
    let held = [(); 3].map(|()| TcpListener::bind("127.0.0.1:0").expect("a port"));
    held.each_ref().map(|held| held.local_addr().expect("bound").port())
}

fn conf(folder: &Path) -> String {
    let host = fs::read_to_string("/proc/sys/kernel/hostname").expect("a name");
    let host = host.trim().split('.').next().unwrap_or_default();
    let ([control, n0, n1], at) = (ports(), folder.display());
    format!(
        "ClusterName=bruit\nSlurmctldHost={host}(127.0.0.1)\nSlurmUser=root\nSlurmctldPort={control}\nAuthInfo=socket={at}/munge\n\
         ProctrackType=proctrack/linuxproc\nTaskPlugin=task/none\nMpiDefault=none\nReturnToService=2\n\
         SchedulerParameters=batch_sched_delay=0,sched_interval=1,sched_min_interval=0\n\
         SelectType=select/cons_tres\nSelectTypeParameters=CR_CPU\nStateSaveLocation={at}/state\nSlurmdSpoolDir={at}/%n\n\
         SlurmctldPidFile={at}/slurmctld.pid\nSlurmdPidFile={at}/%n.pid\nSlurmctldLogFile={at}/slurmctld.log\n\
         SlurmdLogFile={at}/%n.log\n\
         NodeName=n0 NodeHostname={host} NodeAddr=127.0.0.1 Port={n0} CPUs=2 RealMemory=100\n\
         NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={n1} CPUs=2 RealMemory=100\n\
         PartitionName=all Nodes=ALL Default=YES State=UP\n"
    )
}

#[test]
fn an_array_job_makes_the_report_of_one_process() {
    if let Err(why) = installed() {
        let _ = writeln!(std::io::stderr(), "\nSKIPPED: the array job on Slurm: {why}\n");
        return;
    }
    let folder = Folder::new();
    folder.told(&format!("{SWEEP} --to whole.csv"));
    let slurm = Slurm::start(&folder);
    let script = contrib("slurm/sweep.sbatch");
    let words = SWEEP.strip_prefix("sweep ").expect("a sweep");
    let mut submit = slurm.client(script.to_str().expect("UTF-8"), words);
    submit.env("BRUIT", env!("CARGO_BIN_EXE_bruit")).env("SWEEP", "shards").env("SHARDS", "5");
    let report = run(&mut submit).expect("two jobs are submitted");
    slurm.until("the report's end", || {
        let queued = run(&mut slurm.client("squeue", &format!("-h -j {report}")));
        queued.map_or(true, |queued| queued.trim().is_empty()).then_some(())
    });
    for i in 0..5 {
        assert!(folder.read(&format!("shards/{i}.csv")).lines().count() > 9, "{}", folder.read(&format!("shards/{i}.log")));
    }
    assert_eq!(folder.read("shards/report.txt"), folder.told("report whole.csv"));
}
