/* The swarm drawn on a canvas: the tracker above, a cell for each peer by group, blocks moving. */

const TILE = 34; /* from this size on a cell shows each block */
const GROUPS_NAMED = 24; /* of more the names are not shown */
const SHOWN_MAX = 900; /* blocks under way that are drawn at a time */

class Scene {
  constructor(canvas, replay) {
    this.canvas = canvas;
    this.replay = replay;
    this.gather();
    this.x = new Float32Array(replay.peers.length + 2);
    this.y = new Float32Array(replay.peers.length + 2);
    this.theme();
    this.resize();
  }

  /* Peers by group; where the names of so many would leave no room for peers, all together. */
  gather() {
    const { groups, peers } = this.replay;
    this.names = groups;
    this.members = groups.map(() => []);
    peers.forEach((peer, p) => this.members[peer.group].push(p));
    if (this.members.filter((group) => group.length).length <= GROUPS_NAMED) return;
    this.members = [this.members.flat()];
    this.names = [`peers of ${groups.length.toLocaleString("en")} groups, in their order`];
  }

  theme() {
    const style = getComputedStyle(document.documentElement);
    const of = (name) => style.getPropertyValue(name).trim();
    this.ink = of("--ink");
    this.dim = of("--dim");
    this.card = of("--card");
    this.paper = of("--paper");
    this.cell = of("--cell");
    this.rare = of("--c1");
    /* As in `source`: lacks, held on arrival, then by the giver's role. */
    this.colours = [this.cell, of("--c6"), of("--c4"), of("--c5"), of("--c0")];
  }

  resize() {
    const ratio = window.devicePixelRatio || 1;
    this.width = this.canvas.clientWidth;
    /* The strip of copies, the timeline and the controls are in sight with it. */
    const room = window.innerHeight - (document.fullscreenElement ? 330 : 400);
    const most = Math.max(260, Math.min(room, document.fullscreenElement ? 1200 : 600));
    this.height = Math.round(Math.min(Math.max(this.width * 0.56, 420), most));
    this.layOut();
    this.canvas.style.height = `${this.height}px`;
    this.canvas.width = Math.round(this.width * ratio);
    this.canvas.height = Math.round(this.height * ratio);
    this.pen = this.canvas.getContext("2d");
    this.pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  }

  /* The largest size at which all groups fit below the tracker; no higher than they need. */
  layOut() {
    this.top = 58;
    let low = 2, high = 170;
    while (high - low > 0.25) {
      const middle = (low + high) / 2;
      if (this.heightAt(middle) <= this.height - this.top - 10) low = middle;
      else high = middle;
    }
    this.size = low > 8 ? Math.floor(low) : low;
    this.height = Math.min(this.height, this.top + Math.ceil(this.heightAt(this.size)) + 14);
    this.place();
  }

  metrics(size) {
    const gap = size > TILE ? 12 : size > 14 ? 4 : size > 6 ? 2 : 1;
    const name = size >= 52 ? 17 : 0;
    const columns = Math.max(1, Math.floor((this.width - 28 + gap) / (size + gap)));
    return { gap, name, columns, label: 20 };
  }

  /* Groups side by side as far as they fit, in shelves [height, [group, across, width], …]. */
  shelves(size) {
    const { gap, name, columns, label } = this.metrics(size);
    const room = this.width - 28, shelves = [];
    let used = Infinity;
    this.members.forEach((peers, g) => {
      if (!peers.length) return;
      const rows = Math.ceil(peers.length / columns);
      const across = rows > 1 && !name ? columns : Math.ceil(peers.length / rows);
      const words = 7 * (this.names[g].length + 8);
      const width = Math.max(across * (size + gap) - gap, Math.min(words, room));
      if (used + 24 + width > room) {
        shelves.push([0]);
        used = -24;
      }
      used += 24 + width;
      const shelf = shelves[shelves.length - 1];
      shelf[0] = Math.max(shelf[0], label + rows * (size + name + gap) + 6);
      shelf.push([g, across, width]);
    });
    return shelves;
  }

  heightAt(size) {
    return this.shelves(size).reduce((sum, [height]) => sum + height, 0);
  }

  place() {
    const { gap, name, label } = this.metrics(this.size);
    const step = this.size + gap;
    this.showsBlocks = this.size >= TILE && this.replay.source && this.replay.blocks <= 2500;
    this.labels = [];
    this.name = name;
    this.x[0] = this.width / 2;
    this.y[0] = 28;
    let y = this.top + Math.max(0, (this.height - this.top - 10 - this.heightAt(this.size)) / 2);
    for (const [height, ...groups] of this.shelves(this.size)) {
      const wide = groups.reduce((sum, [, , width]) => sum + width + 24, -24);
      let left = (this.width - wide) / 2;
      for (const [g, across, width] of groups) {
        this.labels.push([Math.max(14, left), y + 13, g]);
        this.members[g].forEach((p, i) => {
          this.x[p + 1] = left + (i % across) * step + this.size / 2;
          this.y[p + 1] = y + label + Math.floor(i / across) * (step + name) + this.size / 2;
        });
        left += width + 24;
      }
      y += height;
    }
    /* A peer that is not shown is beyond the edge. */
    this.x[peersBehind(this.replay)] = this.width / 2;
    this.y[peersBehind(this.replay)] = this.height + 20;
  }

  /* The node at a point: 0 the tracker, 1 + peer, or -1. */
  nodeAt(x, y) {
    if (Math.abs(x - this.x[0]) < 62 && Math.abs(y - this.y[0]) < 20) return 0;
    const reach = this.size / 2 + 2;
    for (let n = 1; n <= this.replay.peers.length; n++) {
      const below = y - this.y[n];
      if (Math.abs(x - this.x[n]) <= reach && below >= -reach && below <= reach + this.name)
        return n;
    }
    return -1;
  }

  /* Draws moment t with the transfers `flying`, each for at least the time `least`. `watched` is a
   * node or -1; `still`: nothing moves, so lines say who gives whom. */
  draw(t, flying, watched, still, least) {
    const pen = this.pen;
    pen.clearRect(0, 0, this.width, this.height);
    this.drawLabels();
    for (let p = 0; p < this.replay.peers.length; p++) this.drawPeer(p, t, watched === p + 1);
    this.drawTransfers(flying, t, watched, still, least);
    this.drawTracker(watched === 0);
  }

  drawLabels() {
    const pen = this.pen;
    pen.font = "12px system-ui, 'DejaVu Sans', sans-serif";
    pen.textAlign = "left";
    pen.fillStyle = this.dim;
    for (const [x, y, g] of this.labels) {
      const count = this.members[g].length;
      pen.fillText(`${this.names[g]} (${count.toLocaleString("en")})`, x, y);
    }
  }

  drawTracker(watched) {
    const pen = this.pen;
    pen.fillStyle = this.colours[2];
    pen.beginPath();
    pen.roundRect(this.x[0] - 54, this.y[0] - 15, 108, 30, 8);
    pen.fill();
    if (watched) this.outline(3);
    pen.fillStyle = "#1b1f24";
    pen.font = "600 13px system-ui, 'DejaVu Sans', sans-serif";
    pen.textAlign = "center";
    pen.fillText("tracker", this.x[0], this.y[0] + 4.5);
  }

  outline(width) {
    this.pen.strokeStyle = this.ink;
    this.pen.lineWidth = width;
    this.pen.stroke();
  }

  drawPeer(p, t, watched) {
    const pen = this.pen, size = this.size, peer = this.replay.peers[p];
    const x = this.x[p + 1] - size / 2, y = this.y[p + 1] - size / 2;
    const here = this.replay.present(p, t);
    pen.globalAlpha = here ? 1 : peer.arrived > t ? 0.35 : 0.5;
    if (this.showsBlocks) this.drawBlocks(p, x, y);
    else this.drawLevel(p, x, y);
    if (peer.completed <= t && size > 5) {
      pen.beginPath();
      pen.rect(x - 0.5, y - 0.5, size + 1, size + 1);
      this.outline(size > 14 ? 2 : 1);
    }
    if (this.name) {
      pen.fillStyle = this.dim;
      pen.font = "11px system-ui, 'DejaVu Sans', sans-serif";
      pen.textAlign = "center";
      const count = `${this.replay.held[p]}`;
      const text = size >= 84 ? `${peer.name}  ${count}` : peer.name;
      pen.fillText(text, x + size / 2, y + size + 14, size + 10);
    }
    pen.globalAlpha = 1;
    if (!watched) return;
    pen.beginPath();
    pen.rect(x - 3, y - 3, size + 6, size + 6);
    this.outline(3);
  }

  /* Each block a little square in its place, coloured by whence it came. */
  drawBlocks(p, x, y) {
    const { blocks, source } = this.replay, pen = this.pen;
    const across = Math.ceil(Math.sqrt(blocks));
    const step = this.size / across, side = step > 3 ? step - 0.8 : step;
    pen.fillStyle = this.cell;
    pen.fillRect(x, y, this.size, this.size);
    for (let kind = 1; kind < this.colours.length; kind++) {
      pen.fillStyle = this.colours[kind];
      for (let b = 0, at = p * blocks; b < blocks; b++, at++)
        if (source[at] === kind)
          pen.fillRect(x + (b % across) * step, y + Math.floor(b / across) * step, side, side);
    }
  }

  /* A vessel that fills, in layers by whence its blocks came. */
  drawLevel(p, x, y) {
    const { blocks, held, from, stride } = this.replay, pen = this.pen, size = this.size;
    pen.fillStyle = this.cell;
    pen.fillRect(x, y, size, size);
    let bottom = y + size;
    for (let kind = 0; kind < 4; kind++) {
      const count = stride > 1 ? (kind === 3 ? held[p] : 0) : from[4 * p + kind];
      if (!count) continue;
      const height = (size * count) / blocks;
      pen.fillStyle = this.colours[kind + 1];
      pen.fillRect(x, bottom - height, size, height);
      bottom -= height;
    }
  }

  drawTransfers(flying, t, watched, still, least) {
    const few = this.replay.peers.length <= 60;
    for (const j of this.replay.sample(flying, SHOWN_MAX, watched)) {
      const giver = this.replay.giverNode(j), to = this.replay.receiver(j);
      const progress = this.replay.progress(j, t, least);
      const own = watched >= 0 && (giver === watched || to === watched);
      if (watched >= 0 && !own) this.pen.globalAlpha = 0.18;
      const way = this.way(giver, to, this.replay.block[j]);
      const colour = this.colours[2 + this.replay.role(j)];
      if (own || few || still) this.drawWay(way, colour, own ? 0.9 : few ? 0.45 : 0.25);
      if (!still || own) this.drawBlock(way, progress, colour, own ? 5 : few ? 4.5 : 2.2);
      this.pen.globalAlpha = 1;
    }
  }

  /* A bow from giver to receiver, so that both ways of a pair can be told apart; where each block is
   * shown it ends at the block's place. */
  way(from, to, block) {
    const x0 = this.x[from], y0 = this.y[from];
    let x2 = this.x[to], y2 = this.y[to];
    if (this.showsBlocks) {
      const across = Math.ceil(Math.sqrt(this.replay.blocks)), step = this.size / across;
      x2 += ((block % across) + 0.5) * step - this.size / 2;
      y2 += (Math.floor(block / across) + 0.5) * step - this.size / 2;
    }
    return [x0, y0, (x0 + x2) / 2 - (y2 - y0) * 0.16, (y0 + y2) / 2 + (x2 - x0) * 0.16, x2, y2];
  }

  drawWay([x0, y0, x1, y1, x2, y2], colour, alpha) {
    const pen = this.pen, kept = pen.globalAlpha;
    pen.globalAlpha = kept * alpha;
    pen.strokeStyle = colour;
    pen.lineWidth = 1.5;
    pen.beginPath();
    pen.moveTo(x0, y0);
    pen.quadraticCurveTo(x1, y1, x2, y2);
    pen.stroke();
    pen.globalAlpha = kept;
  }

  drawBlock([x0, y0, x1, y1, x2, y2], progress, colour, radius) {
    const pen = this.pen, a = (1 - progress) ** 2, b = 2 * progress * (1 - progress);
    const c = progress ** 2;
    const x = a * x0 + b * x1 + c * x2, y = a * y0 + b * y1 + c * y2;
    pen.fillStyle = this.card;
    pen.fillRect(x - radius - 1, y - radius - 1, 2 * radius + 2, 2 * radius + 2);
    pen.fillStyle = colour;
    pen.fillRect(x - radius, y - radius, 2 * radius, 2 * radius);
  }
}

/* The node that stands for every peer that is not shown. */
function peersBehind(replay) {
  return replay.peers.length + 1;
}

/* A canvas that is a chart: prepared for drawing in CSS pixels. */
function chart(canvas) {
  const ratio = window.devicePixelRatio || 1;
  const width = canvas.clientWidth, height = canvas.clientHeight;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  return { pen, width, height };
}

/* Blocks delivered over time, stacked by role, and the moment that is shown. */
function drawTimeline(canvas, replay, scene, t, end) {
  const { pen, width, height } = chart(canvas);
  const most = Math.max(1, ...replay.bins.map(([a, b, c]) => a + b + c));
  const wide = ((width - 16) * replay.bin) / end;
  pen.fillStyle = scene.card;
  pen.fillRect(0, 0, width, height);
  replay.bins.forEach((bin, i) => {
    let y = height;
    /* The tracker's lie at the bottom, complete peers' on top. */
    for (const role of [0, 2, 1]) {
      const tall = (bin[role] / most) * (height - 20);
      pen.fillStyle = scene.colours[2 + role];
      const broad = Math.min(wide + 0.4, width - 8 - i * wide);
      pen.fillRect(8 + i * wide, y - tall, broad, tall);
      y -= tall;
    }
  });
  pen.fillStyle = scene.dim;
  pen.font = "11px system-ui, 'DejaVu Sans', sans-serif";
  pen.fillText("blocks delivered over time", 8, 12);
  const x = 8 + ((width - 16) * t) / end;
  pen.fillStyle = scene.ink;
  pen.fillRect(x - 1, 0, 2, height);
}

/* A bar for each block, or for as many as there are pixels the rarest of some. */
function drawCopies(canvas, replay, scene) {
  const { pen, width, height } = chart(canvas);
  const bars = Math.min(replay.blocks, Math.floor(width / 2));
  const most = Math.max(1, ...replay.copies);
  const least = replay.copies.reduce((a, b) => Math.min(a, b), Infinity);
  pen.fillStyle = scene.card;
  pen.fillRect(0, 0, width, height);
  for (let i = 0; i < bars; i++) {
    const first = Math.floor((i * replay.blocks) / bars);
    const last = Math.max(first + 1, Math.floor(((i + 1) * replay.blocks) / bars));
    const copies = replay.copies.subarray(first, last).reduce((a, b) => Math.min(a, b), Infinity);
    const tall = Math.max(copies === least ? 3 : 1, (copies / most) * (height - 4));
    pen.fillStyle = copies === least && least < most ? scene.rare : scene.colours[4];
    pen.fillRect((i * width) / bars, height - tall, Math.max(1, width / bars - 0.6), tall);
  }
}
