/* The controls: time, speed, keys, whom to watch; and the page's theme. */

const LENGTH_MS = 45000; /* how long the whole run plays at speed 1 */
const FLIGHT_MS = 300; /* at least so long a block is seen under way */
const SPEEDS = [0.1, 0.25, 0.5, 1, 2, 4];
const NOBODY = -1;

function element(id) {
  return document.getElementById(id);
}

/* One replay and where it is shown; the second's elements have ids that end in "-b". */
class View {
  constructor(replay, suffix) {
    this.replay = replay;
    this.part = (id) => element(id + suffix);
    this.scene = new Scene(this.part("scene"), replay);
    this.part("copies-part").hidden = !replay.source;
  }

  /* Its node of this name, or nobody. */
  find(name) {
    if (name === "tracker") return 0;
    const peer = this.replay.peers.findIndex((one) => one.name === name);
    return peer < 0 ? NOBODY : peer + 1;
  }
}

class Player {
  constructor(replays) {
    element("panel-b").hidden = replays.length < 2;
    element("panels").classList.toggle("two", replays.length > 1);
    this.views = replays.map((replay, i) => new View(replay, ["", "-b"][i]));
    this.view = this.views[0]; /* whose peer is pointed at or watched */
    this.end = Math.max(...replays.map((replay) => replay.end));
    this.longest = replays.find((replay) => replay.end === this.end);
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
    const seconds = (this.end * this.replay.unit_s * 1000) / LENGTH_MS;
    for (const speed of SPEEDS) {
      const shown = Number((seconds * speed).toPrecision(2));
      element("speed").append(new Option(`× ${shown}`, speed, speed === 1, speed === 1));
    }
    element("scrub").max = this.end;
    const names = this.replay.peers.slice(0, 2000).map((peer) => new Option(peer.name));
    element("names").append(...names);
    for (const { replay, part } of this.views)
      part("title").textContent = this.views.length > 1 ? replay.title : "";
    const said = this.views.flatMap(({ replay }) => this.sampled(replay));
    element("sample").textContent = said.join(" ");
    element("sample").hidden = said.length === 0;
  }

  /* What of a large run is left out. */
  sampled({ peers, all_peers, stride, title }) {
    const said = [], of = this.views.length > 1 ? `${title}: ` : "";
    if (peers.length < all_peers)
      said.push(`${of}${peers.length.toLocaleString("en")} of ${all_peers.toLocaleString("en")} ` +
        "peers are shown, spread evenly over the order of arrival.");
    if (stride > 1)
      said.push(`${of}One in ${stride} transfers is kept to be animated; how much each peer holds ` +
        "is exact at every moment.");
    return said;
  }

  listen() {
    const on = (id, event, act) => element(id).addEventListener(event, act);
    on("play", "click", () => this.toggle());
    on("first", "click", () => this.seek(0));
    on("last", "click", () => this.seek(this.end));
    on("back", "click", () => this.step(-1));
    on("forward", "click", () => this.step(1));
    on("speed", "change", (event) => { this.speed = Number(event.target.value); });
    on("scrub", "input", (event) => this.seek(Number(event.target.value)));
    on("find", "input", (event) => this.find(event.target.value));
    on("player", "keydown", (event) => this.key(event));
    on("fullscreen", "click", () => this.fill());
    for (const view of this.views) {
      const at = (id, event, act) => view.part(id).addEventListener(event, act);
      at("scene", "pointermove", (event) => this.hover(event, view));
      at("scene", "pointerleave", () => this.point(NOBODY));
      at("scene", "click", (event) => this.watch(this.under(event, view), view));
      at("timeline", "pointerdown", (event) => this.drag(event));
      at("timeline", "pointermove", (event) => { if (event.buttons) this.drag(event); });
    }
    new ResizeObserver(() => this.resize()).observe(element("player"));
    window.addEventListener("resize", () => this.resize());
    document.addEventListener("fullscreenchange", () => {
      element("fullscreen").textContent = document.fullscreenElement ? "Leave fullscreen" : "Fullscreen";
      this.resize();
    });
  }

  resize() {
    for (const { scene } of this.views) scene.resize();
    this.draw();
  }

  fill() {
    if (document.fullscreenElement) document.exitFullscreen();
    else element("player").requestFullscreen();
  }

  /* ---- time ---- */

  seek(t) {
    this.t = Math.min(this.end, Math.max(0, Math.round(t)));
    this.draw();
  }

  /* To the next or the last gain. */
  step(way) {
    const times = this.views.map(({ replay }) => {
      const until = replay.gainsUntil(way > 0 ? this.t : this.t - 1);
      return way > 0 ? replay.time[until] ?? this.end : replay.time[until - 1] ?? 0;
    });
    this.seek(way > 0 ? Math.min(...times) : Math.max(...times));
  }

  toggle() {
    this.playing = !this.playing;
    if (this.playing && this.t >= this.end) this.t = 0;
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
      this.t += (Math.min(passed, 1000) * this.speed * this.end) / LENGTH_MS;
      if (this.t >= this.end) {
        this.t = this.end;
        this.toggle();
      }
      this.draw();
    }
    requestAnimationFrame((next) => this.frame(next));
  }

  drag(event) {
    const box = event.target.getBoundingClientRect();
    this.seek((this.end * (event.clientX - box.left - 8)) / (box.width - 16));
  }

  key(event) {
    if (event.target.matches("select, #find") || event.ctrlKey || event.altKey || event.metaKey)
      return;
    if (event.key === " " && event.target.matches("button")) return;
    const far = (this.end / 100) * (event.shiftKey ? 10 : 1);
    const acts = {
      " ": () => this.toggle(),
      ArrowLeft: () => this.seek(this.t - far),
      ArrowRight: () => this.seek(this.t + far),
      PageDown: () => this.seek(this.t - 10 * far),
      PageUp: () => this.seek(this.t + 10 * far),
      ",": () => this.step(-1),
      ".": () => this.step(1),
      Home: () => this.seek(0),
      End: () => this.seek(this.end),
      ArrowUp: () => this.watchNext(-1),
      ArrowDown: () => this.watchNext(1),
      f: () => this.fill(),
      Escape: () => this.watch(NOBODY),
    };
    if (!acts[event.key]) return;
    event.preventDefault();
    acts[event.key]();
  }

  /* ---- whom to watch ---- */

  get replay() {
    return this.view.replay;
  }

  get scene() {
    return this.view.scene;
  }

  under(event, view) {
    const box = event.target.getBoundingClientRect();
    return view.scene.nodeAt(event.clientX - box.left, event.clientY - box.top);
  }

  hover(event, view) {
    this.at = [event.offsetX, event.offsetY];
    const node = this.under(event, view);
    if (node !== NOBODY) this.look(view);
    this.point(node);
  }

  /* From now on `hovered` and `watched` are nodes of this view. */
  look(view) {
    if (view === this.view) return;
    this.watched = this.watched === NOBODY ? NOBODY : view.find(this.nameOf(this.watched));
    this.view.part("tip").hidden = true;
    this.view = view;
  }

  point(node) {
    const changed = node !== this.hovered;
    this.hovered = node;
    if (changed) this.draw();
    this.showTip();
  }

  find(name) {
    const view = this.views.find((one) => one.find(name) !== NOBODY);
    if (view) this.watch(view.find(name), view);
  }

  watch(node, view = this.view) {
    this.look(view);
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
    const lines = node === 0 ? ["the tracker"] : this.describePeer(node - 1);
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
    const tip = this.view.part("tip");
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
    const focus = this.hovered !== NOBODY ? this.hovered : this.watched;
    const name = focus === NOBODY ? null : this.nameOf(focus);
    for (const view of this.views)
      this.drawView(view, view === this.view ? focus : name === null ? NOBODY : view.find(name));
    this.say();
    if (this.hovered !== NOBODY) this.showTip();
  }

  /* All of them at the same moment; one that is over stands at its end. */
  drawView(view, focus) {
    const { replay, scene, part } = view, { end } = this, t = Math.min(this.t, replay.end);
    replay.seek(t);
    const least = (FLIGHT_MS * this.speed * end) / LENGTH_MS;
    const flying = replay.underWay(t, least);
    const moving = flying.filter((j) => replay.isUnderWay(j, t));
    scene.draw(t, this.calm.matches ? moving : flying, focus, this.calm.matches, least);
    drawTimeline(part("timeline"), replay, scene, t, end);
    if (replay.source) drawCopies(part("copies"), replay, scene);
    part("state").textContent = this.stateOf(replay, t, moving.length);
  }

  stateOf(replay, t, moving) {
    const totals = replay.totals(t), peers = replay.peers.length;
    const number = (n) => n.toLocaleString("en");
    const here = totals.arrived < peers ? `, ${number(totals.arrived)} arrived` : "";
    const parts = [`${number(totals.complete)} of ${number(peers)} peers complete${here}`,
      `${number(totals.gains)} of ${number(replay.time.length)} blocks gained`,
      `${number(moving * replay.stride)} under way` +
        (moving > SHOWN_MAX ? ` (about ${number(SHOWN_MAX)} drawn)` : "")];
    if (totals.rarest !== null)
      parts.push(`peers' copies of the rarest block: ${number(totals.rarest)}`);
    return parts.join(" · ");
  }

  say() {
    const clock = (t) => this.longest.clock(t);
    element("clock").textContent = `${clock(this.t)} of ${clock(this.end)}`;
    element("scrub").value = Math.round(this.t);
    const told = this.views.map(({ replay }) =>
      `${replay.totals(this.t).complete} of ${replay.peers.length} complete`);
    element("scrub").setAttribute("aria-valuetext", `${clock(this.t)}, ${told.join("; ")}`);
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
    for (const { scene } of player.views) scene.theme();
    player.draw();
  });
  element("no-replay").hidden = data.length > 0;
  if (data.length === 0) return;
  element("player").hidden = false;
  player = new Player(data.map((one) => new Replay(one)));
  window.player = player;
  offerVideo(player);
}

start();
