"""A private Slurm: munged, slurmctld and two slurmd on ports of the loopback, in one folder.

Needs no root and no system service. Each node has one processor, however many there are here. A
requeued job starts again after cred_expire seconds, which are 120 where nothing else is said.
"""
import os
import pwd
import shutil
import signal
import socket

import harness
from ports import free_ports

# Where programs of the system lie, which a user's PATH may leave out.
SYSTEM_PATH = os.environ["PATH"] + ":/usr/sbin:/sbin"
NODES = ("node1", "node2")

CONFIGURATION = """ClusterName=minibit
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket,cred_expire=5
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool/%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SwitchType=switch/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1
MaxArraySize={array_max}
ReturnToService=2
SlurmctldTimeout=10
SlurmdTimeout=6
KillWait=1
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""
NODE = "NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs=1 State=UNKNOWN\n"


class Slurm:
    def __init__(self, array_max):
        """Starts all of it, and returns when both nodes are idle."""
        self.folder = harness.SCRATCH / "slurm"
        self.environment = dict(os.environ, SLURM_CONF=str(self.folder / "slurm.conf"))
        self.nodes = {}
        for name in ("munge", "state", "spool/node1", "spool/node2"):
            (self.folder / name).mkdir(parents=True)
        self._configure(array_max)
        self._start_munge()
        # -i: with no state to begin from
        self._start("slurmctld", "-D", "-i")
        for name in NODES:
            self.start_node(name)
        harness.wait_for(self._all_idle, "both nodes idle")

    def _configure(self, array_max):
        ports = free_ports(1 + len(NODES))
        host = socket.gethostname().split(".")[0]
        text = CONFIGURATION.format(
            host=host, user=pwd.getpwuid(os.geteuid()).pw_name, folder=self.folder, controller_port=ports[0],
            array_max=array_max,
        )
        for name, port in zip(NODES, ports[1:]):
            text += NODE.format(name=name, host=host, port=port)
        (self.folder / "slurm.conf").write_text(text)
        (self.folder / "cgroup.conf").write_text("CgroupPlugin=cgroup/v1\nCgroupAutomount=no\n")

    def _start(self, program, *arguments, name=None):
        return harness.start(
            [shutil.which(program, path=SYSTEM_PATH), *map(str, arguments)],
            self.folder / f"{name or program}.log", env=self.environment,
        )

    def _start_munge(self):
        folder = self.folder / "munge"
        key = folder / "key"
        key.touch(mode=0o600)
        key.write_bytes(os.urandom(128))
        self._start(
            "munged", "--foreground", "--force", "--key-file", key, "--socket", folder / "socket",
            "--pid-file", folder / "pid", "--log-file", folder / "log",
            "--seed-file", folder / "seed",
        )
        harness.wait_for((folder / "socket").exists, "munged's socket")

    def start_node(self, name):
        self.nodes[name] = self._start("slurmd", "-D", "-N", name, name=name)

    def kill_node_at_work(self, name, folder):
        """Kills slurmd and the step that works on `folder` there: the node is gone."""

        def stopped():
            for pid in harness.workers(folder):
                if self._node_of(pid) == name:
                    os.kill(pid, signal.SIGSTOP)
                    return pid
            return None

        worker = harness.wait_for(stopped, f"work on {folder} at {name}", pause_s=0.002)
        step = next(
            pid for pid, program in harness.descendants(os.getpid())
            if program == "slurmstepd" and worker in dict(harness.descendants(pid))
        )
        harness.kill_tree(self.nodes[name].pid, step)
        self.nodes[name].wait()

    @staticmethod
    def _node_of(pid):
        try:
            with open(f"/proc/{pid}/environ", "rb") as file:
                variables = file.read().decode(errors="replace").split("\0")
        except OSError:
            return None
        return dict(each.partition("=")[::2] for each in variables).get("SLURMD_NODENAME")

    def run(self, *command, **more):
        return harness.run(*command, env=self.environment, **more)

    def _all_idle(self):
        states = self.run("sinfo", "-h", "-N", "-o", "%t", status=None).split()
        return states == ["idle"] * len(NODES)

    def wait_until_over(self):
        harness.wait_for(lambda: not self.run("squeue", "-h").strip(), "all jobs over", pause_s=0.2)

    def log(self, name):
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def logs(self):
        """The last words of each of them, for a failure."""
        text = ""
        for path in sorted(self.folder.glob("*.log")):
            lines = path.read_text(errors="replace").splitlines()[-12:]
            text += f"---- {path.name}\n" + "\n".join(lines) + "\n"
        return text
