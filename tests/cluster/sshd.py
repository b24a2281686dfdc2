"""Private hosts: an sshd each on a port of the loopback, with a home folder of its own.

They let in the key that is made for them, and nobody else. Neither they nor the ssh that goes to
them read or write anything in ~/.ssh; `ssh` is the command to reach them by name.
"""
import os
import pwd
import shlex
from pathlib import Path

import harness
from ports import free_ports

SSHD = "/usr/sbin/sshd"
# Where Debian's sshd, started by root, insists on an empty folder.
PRIVILEGE_SEPARATION = Path("/run/sshd")

SERVER = """Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
PidFile none
AuthorizedKeysFile {folder}/authorized_keys
AuthenticationMethods publickey
PermitRootLogin prohibit-password
StrictModes no
UsePAM no
MaxStartups 100
SetEnv HOME={folder}/home
ForceCommand cd {folder}/home && exec sh -c "$SSH_ORIGINAL_COMMAND"
"""
CLIENT = """Host {name}
    HostName 127.0.0.1
    HostKeyAlias {name}
    Port {port}
"""
CLIENT_COMMON = """Host *
    User {user}
    IdentityFile {folder}/user_key
    IdentitiesOnly yes
    UserKnownHostsFile {folder}/known_hosts
    GlobalKnownHostsFile /dev/null
    StrictHostKeyChecking yes
    BatchMode yes
    ConnectTimeout 5
    LogLevel ERROR
    ControlMaster auto
    ControlPath {folder}/%n.socket
    ControlPersist 5
"""


class Hosts:
    def __init__(self, *names):
        self.folder = harness.SCRATCH / "hosts"
        self.folder.mkdir()
        self.ssh = f"ssh -F {self.folder}/config"
        self._key(self.folder / "user_key")
        self._servers, self._ports = {}, dict(zip(names, free_ports(len(names))))
        self._made = os.geteuid() == 0 and not PRIVILEGE_SEPARATION.exists()
        if self._made:
            PRIVILEGE_SEPARATION.mkdir(mode=0o755)
            harness.atexit.register(PRIVILEGE_SEPARATION.rmdir)
        for name, port in self._ports.items():
            self._prepare(name, port)
        self._write_client()
        for name in names:
            self.start(name)

    @staticmethod
    def _key(path):
        harness.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "minibit", "-f", path)

    def _prepare(self, name, port):
        folder = self.folder / name
        (folder / "home").mkdir(parents=True)
        self._key(folder / "host_key")
        (folder / "sshd_config").write_text(SERVER.format(port=port, folder=folder))
        public = (self.folder / "user_key.pub").read_text()
        (folder / "authorized_keys").write_text(public)

    def _write_client(self):
        config = known = ""
        for name, port in self._ports.items():
            config += CLIENT.format(name=name, port=port)
            known += f"{name} {(self.folder / name / 'host_key.pub').read_text()}"
        user = pwd.getpwuid(os.geteuid()).pw_name
        config += CLIENT_COMMON.format(user=user, folder=self.folder)
        (self.folder / "config").write_text(config)
        (self.folder / "known_hosts").write_text(known)

    def start(self, name):
        folder = self.folder / name
        self._servers[name] = harness.start(
            [SSHD, "-D", "-e", "-f", str(folder / "sshd_config")], folder / "log"
        )
        # A child that ends is an sshd that refuses to start: its log says why.
        harness.wait_for(lambda: self._answers(name), f"an answer of {name}", pause_s=0.1)

    def _answers(self, name):
        harness.require(self._servers[name].poll() is None, f"sshd ended\n{self.logs()}")
        return "yes" in harness.run(*shlex.split(self.ssh), name, "echo yes", status=None)

    def home(self, name):
        return self.folder / name / "home"

    def kill(self, name):
        """The host is gone, with all that runs there."""
        harness.kill_tree(self._servers[name].pid)
        self._servers[name].wait()

    def logs(self):
        text = ""
        for path in sorted(self.folder.glob("*/log")):
            lines = path.read_text(errors="replace").splitlines()[-4:]
            text += f"---- {path.parent.name}\n" + "\n".join(lines) + "\n"
        return text
