"""One real client: a libtorrent session with one torrent, its settings pinned down.

Every setting that matters is given here with its reason; what is not named is libtorrent's default,
since the reference is the client as it is.
"""
import hashlib
import os

import libtorrent as lt

PORT = 6881

SETTINGS = {
    # No net but loopback, and nobody who is not told by the runner, which is the tracker here.
    "enable_dht": False, "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False,
    # TCP alone: uTP yields to other traffic, which is another question.
    "enable_outgoing_utp": False, "enable_incoming_utp": False, "mixed_mode_algorithm": 0,
    # Encrypting would only cost processor time.
    "out_enc_policy": 2, "in_enc_policy": 2,
    # The rates of a set-up are of blocks; with this on, the headers that TCP would need count too.
    "rate_limit_ip_overhead": False,
    # 0, fixed_slots_choker: as many slots as the set-up says, not as many as the rate suggests.
    "choking_algorithm": 0,
    # 0, round_robin: libtorrent's default. Who was served seeding_piece_quota pieces and a minute
    # makes room for who has waited longest.
    "seed_choking_algorithm": 0, "seeding_piece_quota": 20,
    # Every five minutes a client that has no room would drop a few peers to try others. The runner
    # gives each peer its acquaintances for good.
    "peer_turnover": 0,
    # All of a set-up connect at once, and no idle pair is parted before the end.
    "connection_speed": 500, "listen_queue_size": 200, "connections_limit": 500,
    "inactivity_timeout": 36000, "max_failcount": 20, "min_reconnect_time": 5,
    # As few threads as there can be: there are as many sessions as peers.
    "aio_threads": 1, "hashing_threads": 1,
    # The runner looks at all of what happened.
    "alert_queue_size": 20000,
    "alert_mask": lt.alert.category_t.status_notification
    | lt.alert.category_t.piece_progress_notification | lt.alert.category_t.error_notification,
}


def address(number):
    """Each client has a net of its own: the set of pieces that a client offers to a choked newcomer
    is drawn from the newcomer's address but for its last byte (BEP 6), so that all would be offered
    the same few pieces if they had one address."""
    return f"127.{1 + number // 250}.{1 + number % 250}.1"


class Client:
    """A session, its torrent, and what it has told so far."""

    def __init__(self, name, number, info, folder, content, held, rates, slots, times, port=PORT,
                 own_address=True, super_seed=False, changes=None):
        self.name, self.folder = name, folder
        self.endpoint = (address(number), port) if own_address else ("127.0.0.1", port + number)
        host = self.endpoint[0]
        settings = dict(SETTINGS)
        settings.update({
            "listen_interfaces": f"{host}:{self.endpoint[1]}", "outgoing_interfaces": host,
            "allow_multiple_connections_per_ip": not own_address,
            "upload_rate_limit": rates[0], "download_rate_limit": rates[1],
            "unchoke_slots_limit": slots, "num_optimistic_unchoke_slots": 1,
            "unchoke_interval": round(times[0]), "optimistic_unchoke_interval": round(times[1]),
        })
        if slots == 0:  # a free rider: no slot, and nothing for those that it chokes
            settings["allowed_fast_set_size"] = 0
        settings.update(changes or {})
        self.session = lt.session(settings)
        # libtorrent puts loopback into a class without limits, neither of rates nor of slots.
        everyone = lt.ip_filter()
        everyone.add_rule("0.0.0.0", "255.255.255.255", 1 << lt.session.global_peer_class_id)
        self.session.set_peer_class_filter(everyone)
        self.handle = self._add(info, content, held, super_seed)

    def _add(self, info, content, held, super_seed):
        # All clients share one file, which holds the content already: writing changes nothing, and
        # nothing is read that was not fetched, since what is held is said here.
        os.makedirs(self.folder)
        os.link(content, os.path.join(self.folder, info.name()))
        params = lt.add_torrent_params()
        params.ti, params.save_path = info, self.folder
        flags = lt.torrent_flags.no_verify_files | lt.torrent_flags.disable_pex
        if all(held):
            flags |= lt.torrent_flags.seed_mode
        else:
            params.have_pieces = held
        if super_seed:
            flags |= lt.torrent_flags.super_seeding
        params.flags = flags
        return self.session.add_torrent(params)

    def connect(self, other):
        self.handle.connect_peer(other.endpoint)

    def news(self):
        """(kind, piece or text) of what happened since: "piece", "complete", "error"."""
        for alert in self.session.pop_alerts():
            kind = type(alert).__name__
            if kind == "piece_finished_alert":
                yield "piece", alert.piece_index
            elif kind == "torrent_finished_alert":
                yield "complete", None
            elif kind in ("torrent_error_alert", "file_error_alert", "hash_failed_alert",
                          "listen_failed_alert", "fastresume_rejected_alert",
                          "alerts_dropped_alert"):
                yield "error", alert.message()

    def bytes(self):
        """Payload sent, payload received, and how much of the latter was of no use."""
        status = self.handle.status()
        return (status.total_payload_upload, status.total_payload_download,
                status.total_redundant_bytes + status.total_failed_bytes, status.num_peers)

    def say_goodbye(self):
        """Leaves in good order: chokes all, and sends what was asked for."""
        self.handle.pause(lt.pause_flags_t.graceful_pause)

    def close(self):
        self.session.remove_torrent(self.handle)
        self.session.pause()


def make_torrent(path, piece_size):
    """The torrent (of BEP 3, without BEP 52's trees) of the file at `path`."""
    with open(path, "rb") as file:
        pieces = [hashlib.sha1(piece).digest() for piece in iter(lambda: file.read(piece_size), b"")]
    return lt.torrent_info({"info": {
        "name": os.path.basename(path), "length": os.path.getsize(path),
        "piece length": piece_size, "pieces": b"".join(pieces),
    }})


VERSION = lt.version
