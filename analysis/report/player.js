/* The controls: time, speed, keys, whom to watch; and the page's theme. */

const LENGTH_MS = 45000; /* how long the whole run plays at speed 1 */
const FLIGHT_MS = 300; /* at least so long a block is seen under way */
const SPEEDS = [0.1, 0.25, 0.5, 1, 2, 4];
const NOBODY = -1;

function element(id) {
  return document.getElementById(id);
}

class Player {
  constructor(replay) {
    this.replay = replay;
    this.scene = new Scene(element("scene"), replay);
    this.t = 0;
    this.speed = 1;
    this.playing = false;
    this.watched = NOBODY;
    this.hovered = NOBODY;
    this.calm = window.matchMedia("(prefers-reduced-motion: reduce)");
    this.drawn = false;
    this.offer();
    this.listen();
    this.draw();
  }

  /* What there is to choose from. */
  offer() {
    const seconds = (this.replay.end * this.replay.unit_s * 1000) / LENGTH_MS;
    for (const speed of SPEEDS) {
      const shown = Number((seconds * speed).toPrecision(2));
      element("speed").append(new Option(`× ${shown}`, speed, speed === 1, speed === 1));
    }
    element("scrub").max = this.replay.end;
    const names = this.replay.peers.slice(0, 2000).map((peer) => new Option(peer.name));
    element("names").append(...names);
    element("copies-part").hidden = !this.replay.source;
    const { peers, all_peers, stride } = this.replay;
    const said = [];
    if (peers.length < all_peers)
      said.push(`${peers.length.toLocaleString("en")} of ${all_peers.toLocaleString("en")} peers ` +
        "are shown, spread evenly over the order of arrival.");
    if (stride > 1)
      said.push(`One in ${stride} transfers is kept to be animated; how much each peer holds is ` +
        "exact at every moment.");
    element("sample").textContent = said.join(" ");
    element("sample").hidden = said.length === 0;
  }

  listen() {
    const on = (id, event, act) => element(id).addEventListener(event, act);
    on("play", "click", () => this.toggle());
    on("first", "click", () => this.seek(0));
    on("last", "click", () => this.seek(this.replay.end));
    on("back", "click", () => this.step(-1));
    on("forward", "click", () => this.step(1));
    on("speed", "change", (event) => { this.speed = Number(event.target.value); });
    on("scrub", "input", (event) => this.seek(Number(event.target.value)));
    on("find", "input", (event) => this.find(event.target.value));
    on("player", "keydown", (event) => this.key(event));
    on("scene", "pointermove", (event) => this.hover(event));
    on("scene", "pointerleave", () => this.point(NOBODY));
    on("scene", "click", (event) => this.watch(this.under(event)));
    on("timeline", "pointerdown", (event) => this.drag(event));
    on("timeline", "pointermove", (event) => { if (event.buttons) this.drag(event); });
    new ResizeObserver(() => { this.scene.resize(); this.draw(); }).observe(element("player"));
  }

  /* ---- time ---- */

  seek(t) {
    this.t = Math.min(this.replay.end, Math.max(0, Math.round(t)));
    this.draw();
  }

  /* To the next or the last gain. */
  step(way) {
    const { time } = this.replay;
    const until = this.replay.gainsUntil(this.t);
    if (way > 0) return this.seek(until < time.length ? time[until] : this.replay.end);
    const before = this.replay.gainsUntil(this.t - 1);
    return this.seek(before > 0 ? time[before - 1] : 0);
  }

  toggle() {
    this.playing = !this.playing;
    if (this.playing && this.t >= this.replay.end) this.t = 0;
    element("play").setAttribute("aria-label", this.playing ? "Pause" : "Play");
    element("play-shape").setAttribute("d", this.playing ? "M8 5v14M16 5v14" : "M8 5l11 7-11 7z");
    this.before = performance.now();
    if (this.playing) requestAnimationFrame((now) => this.frame(now));
    else this.draw();
  }

  /* Where less motion is wanted the replay goes on by a picture a second. */
  frame(now) {
    if (!this.playing) return;
    const passed = now - this.before;
    if (!this.calm.matches || passed >= 1000) {
      this.before = now;
      this.t += (Math.min(passed, 1000) * this.speed * this.replay.end) / LENGTH_MS;
      if (this.t >= this.replay.end) {
        this.t = this.replay.end;
        this.toggle();
      }
      this.draw();
    }
    requestAnimationFrame((next) => this.frame(next));
  }

  drag(event) {
    const box = event.target.getBoundingClientRect();
    this.seek((this.replay.end * (event.clientX - box.left - 8)) / (box.width - 16));
  }

  key(event) {
    if (event.target.matches("select, #find") || event.ctrlKey || event.altKey || event.metaKey)
      return;
    if (event.key === " " && event.target.matches("button")) return;
    const far = (this.replay.end / 100) * (event.shiftKey ? 10 : 1);
    const acts = {
      " ": () => this.toggle(),
      ArrowLeft: () => this.seek(this.t - far),
      ArrowRight: () => this.seek(this.t + far),
      PageDown: () => this.seek(this.t - 10 * far),
      PageUp: () => this.seek(this.t + 10 * far),
      ",": () => this.step(-1),
      ".": () => this.step(1),
      Home: () => this.seek(0),
      End: () => this.seek(this.replay.end),
      ArrowUp: () => this.watchNext(-1),
      ArrowDown: () => this.watchNext(1),
      Escape: () => this.watch(NOBODY),
    };
    if (!acts[event.key]) return;
    event.preventDefault();
    acts[event.key]();
  }

  /* ---- whom to watch ---- */

  under(event) {
    const box = event.target.getBoundingClientRect();
    return this.scene.nodeAt(event.clientX - box.left, event.clientY - box.top);
  }

  hover(event) {
    this.at = [event.offsetX, event.offsetY];
    this.point(this.under(event));
  }

  point(node) {
    const changed = node !== this.hovered;
    this.hovered = node;
    if (changed) this.draw();
    this.showTip();
  }

  find(name) {
    if (name === "tracker") return this.watch(0);
    const peer = this.replay.peers.findIndex((one) => one.name === name);
    return peer >= 0 && this.watch(peer + 1);
  }

  watch(node) {
    this.watched = node === this.watched ? NOBODY : node;
    this.draw();
    element("watched").textContent = this.watched === NOBODY ? "" : this.describe(this.watched);
    element("watched").hidden = this.watched === NOBODY;
  }

  watchNext(way) {
    const nodes = this.replay.peers.length + 1;
    const next = this.watched === NOBODY ? (way > 0 ? 0 : nodes - 1) : this.watched + way;
    this.watch((next + nodes) % nodes);
  }

  nameOf(node) {
    if (node === 0) return "tracker";
    return node <= this.replay.peers.length ? this.replay.peers[node - 1].name : "a peer not shown";
  }

  /* Who is it, what has it, with whom does it trade: lines of text. */
  describe(node) {
    const gets = [], gives = [];
    for (const j of this.replay.underWay(this.t)) {
      const giver = this.replay.giverNode(j), to = this.replay.receiver(j);
      if (to === node) gets.push(`${this.nameOf(giver)} (block ${this.replay.block[j]})`);
      if (giver === node) gives.push(`${this.nameOf(to)} (block ${this.replay.block[j]})`);
    }
    const list = (names) =>
      names.slice(0, 6).join(", ") + (names.length > 6 ? ` and ${names.length - 6} more` : "");
    const lines = node === 0 ? ["tracker, the first seeder"] : this.describePeer(node - 1);
    if (gets.length) lines.push(`gets from ${list(gets)}`);
    if (gives.length) lines.push(`gives to ${list(gives)}`);
    return lines.join("\n");
  }

  describePeer(p) {
    const { peers, groups, held, blocks, from, stride } = this.replay, peer = peers[p];
    const time = (t) => this.replay.clock(t);
    const lines = [`${peer.name}, of ${groups[peer.group]}`];
    if (peer.arrived > this.t) return [...lines, `arrives at ${time(peer.arrived)}`];
    let status = `${held[p]} of ${blocks} blocks`;
    if (peer.completed <= this.t) status += `, complete since ${time(peer.completed)}`;
    if (peer.left <= this.t) status += `, left at ${time(peer.left)}`;
    lines.push(status);
    if (stride === 1) {
      const [dealt, tracker, seeders, leechers] = from.subarray(4 * p, 4 * p + 4);
      lines.push(`${tracker} from the tracker, ${seeders} from complete peers, ` +
        `${leechers} from others` + (dealt ? `, ${dealt} held on arrival` : ""));
    }
    return lines;
  }

  showTip() {
    const tip = element("tip");
    tip.hidden = this.hovered === NOBODY || !this.at;
    if (tip.hidden) return;
    tip.textContent = this.describe(this.hovered);
    const [x, y] = this.at;
    tip.style.left = `${Math.max(0, Math.min(x + 14, this.scene.width - tip.offsetWidth - 4))}px`;
    const below = y + 18 + tip.offsetHeight < this.scene.height;
    tip.style.top = `${below ? y + 18 : Math.max(0, y - tip.offsetHeight - 10)}px`;
  }

  /* ---- the picture ---- */

  draw() {
    if (this.drawn) return;
    this.drawn = true;
    requestAnimationFrame(() => {
      this.drawn = false;
      this.drawNow();
    });
  }

  drawNow() {
    const { replay, scene, t } = this;
    replay.seek(t);
    const focus = this.hovered !== NOBODY ? this.hovered : this.watched;
    const least = (FLIGHT_MS * this.speed * replay.end) / LENGTH_MS;
    const flying = replay.underWay(t, least);
    const moving = flying.filter((j) => replay.isUnderWay(j, t));
    scene.draw(t, this.calm.matches ? moving : flying, focus, this.calm.matches, least);
    drawTimeline(element("timeline"), replay, scene, t);
    if (replay.source) drawCopies(element("copies"), replay, scene);
    this.say(moving.length);
    if (this.hovered !== NOBODY) this.showTip();
  }

  say(moving) {
    const { replay, t } = this, totals = replay.totals(t);
    const number = (n) => n.toLocaleString("en");
    const peers = replay.peers.length;
    element("clock").textContent = `${replay.clock(t)} of ${replay.clock(replay.end)}`;
    element("scrub").value = Math.round(t);
    element("scrub").setAttribute("aria-valuetext",
      `${replay.clock(t)}, ${totals.complete} of ${peers} complete`);
    const here = totals.arrived < peers ? `, ${number(totals.arrived)} arrived` : "";
    const parts = [`${number(totals.complete)} of ${number(peers)} peers complete${here}`,
      `${number(totals.gains)} of ${number(replay.time.length)} blocks gained`,
      `${number(moving * replay.stride)} under way` +
        (moving > SHOWN_MAX ? ` (about ${number(SHOWN_MAX)} drawn)` : "")];
    if (totals.rarest !== null)
      parts.push(`peers' copies of the rarest block: ${number(totals.rarest)}`);
    element("state").textContent = parts.join(" · ");
    if (!this.playing && this.watched !== NOBODY)
      element("watched").textContent = this.describe(this.watched);
  }
}

/* The button goes round: as the system says, light, dark. */
function offerThemes(changed) {
  const themes = ["system", "light", "dark"];
  const button = element("theme"), root = document.documentElement;
  const show = (theme) => {
    if (theme === "system") delete root.dataset.theme;
    else root.dataset.theme = theme;
    button.textContent = `Theme: ${theme}`;
    changed();
  };
  let theme = "system";
  button.hidden = false;
  button.addEventListener("click", () => {
    theme = themes[(themes.indexOf(theme) + 1) % themes.length];
    show(theme);
  });
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changed);
}

function start() {
  const data = JSON.parse(element("data").textContent);
  let player = null;
  offerThemes(() => {
    if (!player) return;
    player.scene.theme();
    player.draw();
  });
  element("no-replay").hidden = data !== null;
  if (data === null) return;
  element("player").hidden = false;
  player = new Player(new Replay(data));
  window.player = player;
}

start();
