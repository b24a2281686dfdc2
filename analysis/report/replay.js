"use strict";

/* What a replay's file says, and who holds what at a moment. Times are whole units of the run. */

const ROLES = ["the tracker", "a complete peer", "a peer that lacks blocks"];
const DEALT = 1; /* of `source`: 0 lacks it, 1 held on arrival, 2 + role otherwise */
const SOURCES_MAX = 16e6; /* bytes that may remember whence each block came */

/* `count` LEB128 numbers from base64. */
function unpack(text, count) {
  const bytes = atob(text);
  const numbers = new Uint32Array(count);
  let at = 0;
  for (let i = 0; i < count; i++) {
    let value = 0;
    for (let shift = 1, byte = 128; byte >= 128; shift *= 128) {
      byte = bytes.charCodeAt(at++);
      value += (byte % 128) * shift;
    }
    numbers[i] = value;
  }
  return numbers;
}

class Replay {
  constructor(data) {
    this.title = data.title;
    this.unit_s = data.unit_ns / 1e9;
    this.end = Math.max(1, data.end);
    this.blocks = data.blocks;
    this.groups = data.groups;
    this.bins = data.sources;
    this.bin = data.bin;
    this.all_peers = data.all_peers;
    this.peers = data.peers.map(([name, group, arrived, completed, left]) => ({
      name, group, arrived, completed: completed ?? Infinity, left: left ?? Infinity,
    }));
    this.stride = data.stride;
    this.readGains(data);
    this.leaving = this.peers.map((_, p) => p).filter((p) => this.peers[p].left < Infinity);
    this.leaving.sort((a, b) => this.peers[a].left - this.peers[b].left);
    const cells = this.peers.length * this.blocks;
    this.source = this.stride === 1 && cells <= SOURCES_MAX ? new Uint8Array(cells) : null;
    this.copies = new Uint32Array(this.blocks);
    this.held = new Uint32Array(this.peers.length);
    this.from = new Uint32Array(4 * this.peers.length);
    this.reset();
  }

  readGains(data) {
    this.time = unpack(data.time, data.gains);
    for (let i = 1; i < data.gains; i++) this.time[i] += this.time[i - 1];
    this.to = unpack(data.to, data.gains);
    const transfers = Math.ceil(data.gains / data.stride);
    this.giver = unpack(data.giver, transfers);
    this.block = unpack(data.block, transfers);
    this.took = unpack(data.took, transfers);
    this.longest = this.took.reduce((a, b) => Math.max(a, b), 0);
  }

  reset() {
    this.now = -1;
    this.next = 0;
    this.gone = 0;
    this.held.fill(0);
    this.from.fill(0);
    this.copies.fill(0);
    if (this.source) this.source.fill(0);
  }

  /* Number of gains up to and with time t. */
  gainsUntil(t) {
    let low = 0, high = this.time.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.time[middle] <= t) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  seek(t) {
    if (t < this.now) this.reset();
    const until = this.gainsUntil(t);
    while (this.next < until) {
      this.leaveUntil(this.time[this.next] - 1);
      this.gain(this.next++);
    }
    this.leaveUntil(t);
    this.now = t;
  }

  gain(i) {
    const peer = this.to[i];
    this.held[peer]++;
    if (this.stride > 1) return;
    const kind = this.giver[i] === 0 ? 0 : 1 + this.role(i);
    this.from[4 * peer + kind]++;
    if (!this.source) return;
    this.source[peer * this.blocks + this.block[i]] = DEALT + kind;
    this.copies[this.block[i]]++;
  }

  leaveUntil(t) {
    for (; this.gone < this.leaving.length; this.gone++) {
      const peer = this.leaving[this.gone];
      if (this.peers[peer].left > t) return;
      if (!this.source) continue;
      for (let b = 0; b < this.blocks; b++)
        if (this.source[peer * this.blocks + b]) this.copies[b]--;
    }
  }

  /* The giver's node of a transfer: 0 the tracker, 1 + peer; behind the last: one not shown. */
  giverNode(transfer) {
    return Math.floor((this.giver[transfer] - 1) / 3);
  }

  role(transfer) {
    return (this.giver[transfer] - 1) % 3;
  }

  /* Transfers under way at t, in order of their ends, each taken to last at least `least`. */
  underWay(t, least = 0) {
    const found = [];
    const first = Math.ceil(this.gainsUntil(t) / this.stride);
    const horizon = t + Math.max(this.longest, least);
    for (let j = first; j < this.giver.length; j++) {
      const end = this.time[j * this.stride];
      if (end > horizon) break;
      if (this.giver[j] !== 0 && end - Math.max(this.took[j], least) <= t) found.push(j);
    }
    return found;
  }

  isUnderWay(j, t) {
    return this.time[j * this.stride] - this.took[j] <= t;
  }

  /* About `most` of these transfers, the same ones as time goes on, and all with node `always`. */
  sample(transfers, most, always) {
    if (transfers.length <= most) return transfers;
    const share = (4294967296 * most) / transfers.length;
    return transfers.filter((j) => (Math.imul(j, 2654435761) >>> 0) < share ||
      (always >= 0 && (this.giverNode(j) === always || this.receiver(j) === always)));
  }

  /* How far a transfer is, 0 to 1. */
  progress(j, t, least = 0) {
    const took = Math.max(this.took[j], least, 1);
    return Math.min(1, Math.max(0, 1 - (this.time[j * this.stride] - t) / took));
  }

  /* The receiver's node of a transfer. */
  receiver(j) {
    return this.to[j * this.stride] + 1;
  }

  present(peer, t) {
    return this.peers[peer].arrived <= t && t < this.peers[peer].left;
  }

  /* Peers complete, gone or not, and the rarest block's copies (null: not known). */
  totals(t) {
    let complete = 0, arrived = 0;
    for (const peer of this.peers) {
      complete += peer.completed <= t;
      arrived += peer.arrived <= t;
    }
    let rarest = null;
    if (this.source) rarest = this.copies.reduce((a, b) => Math.min(a, b), Infinity);
    return { complete, arrived, rarest, gains: this.next };
  }

  /* "1:23.4" or "2:03:04"; `fine` adds decimals where the run is short. */
  clock(t) {
    const seconds = t * this.unit_s;
    const end = this.end * this.unit_s;
    const digits = end < 20 ? 2 : end < 1200 ? 1 : 0;
    const whole = Math.floor(seconds / 60);
    const rest = (Math.floor((seconds - 60 * whole) * 10 ** digits) / 10 ** digits).toFixed(digits);
    const padded = rest.padStart(digits ? 3 + digits : 2, "0");
    if (end < 3600) return `${whole}:${padded}`;
    return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}:${padded}`;
  }
}
