/* The replay as a video: what it shows while it plays once, put together on a canvas. */

const VIDEO_WIDTH = 1280;
const VIDEO_TYPES = ["video/mp4;codecs=avc1.42E01E", "video/webm;codecs=vp9", "video/webm"];

/* Where the panels lie in a picture, each with its scale; even sides, as encoders want them. */
function layOutVideo(views) {
  const wide = VIDEO_WIDTH / views.length, even = (n) => 2 * Math.ceil(n / 2);
  const height = Math.max(...views.map(({ part }) => ["scene", "copies", "timeline"].reduce(
    (sum, id) => sum + (wide * part(id).clientHeight) / (part("scene").clientWidth || 1), 0)));
  return { wide, height: even(height + 74) };
}

function drawVideo(pen, player, { wide, height }) {
  const { ink, paper, dim } = player.scene;
  pen.fillStyle = paper;
  pen.fillRect(0, 0, VIDEO_WIDTH, height);
  player.views.forEach(({ part, replay }, i) => {
    pen.fillStyle = ink;
    pen.font = "600 17px system-ui, 'DejaVu Sans', sans-serif";
    pen.fillText(replay.title, i * wide + 10, 24, wide - 20);
    let y = 36;
    for (const id of ["scene", "copies", "timeline"]) {
      const canvas = part(id);
      if (!canvas.clientWidth) continue;
      const tall = (wide * canvas.clientHeight) / canvas.clientWidth;
      pen.drawImage(canvas, i * wide + 4, y, wide - 8, tall - 4);
      y += tall;
    }
  });
  pen.fillStyle = dim;
  pen.font = "17px system-ui, 'DejaVu Sans', sans-serif";
  pen.fillText(element("clock").textContent, 10, height - 12);
}

function saveFile(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

class Recording {
  constructor(player, type) {
    this.player = player;
    this.layout = layOutVideo(player.views);
    const canvas = document.createElement("canvas");
    canvas.width = VIDEO_WIDTH;
    canvas.height = this.layout.height;
    this.pen = canvas.getContext("2d", { alpha: false });
    this.recorder = new MediaRecorder(canvas.captureStream(30),
      { mimeType: type, videoBitsPerSecond: 6e6 });
    const parts = [];
    this.recorder.ondataavailable = (event) => parts.push(event.data);
    this.done = new Promise((resolve) => {
      this.recorder.onstop = () => resolve(new Blob(parts, { type: type.split(";")[0] }));
    });
    if (player.playing) player.toggle();
    player.seek(0);
    player.toggle();
    this.recorder.start(1000);
    this.frame();
  }

  frame() {
    drawVideo(this.pen, this.player, this.layout);
    if (this.player.playing) requestAnimationFrame(() => this.frame());
    else setTimeout(() => this.recorder.stop(), 200);
  }
}

/* The button is there only where the browser can. */
function offerVideo(player) {
  const type = window.MediaRecorder && VIDEO_TYPES.find((one) => MediaRecorder.isTypeSupported(one));
  if (!type) return;
  const button = element("video"), told = element("saving");
  button.hidden = false;
  button.addEventListener("click", async () => {
    button.disabled = true;
    told.hidden = false;
    told.textContent = "The video is recorded while the replay plays at the speed chosen; " +
      "keep this page in sight. Pause ends it there.";
    const blob = await new Recording(player, type).done;
    const name = `${document.title.split(":")[0].replace(/[^\p{L}\p{N}-]+/gu, "-")}` +
      `.${blob.type.includes("mp4") ? "mp4" : "webm"}`;
    saveFile(blob, name);
    window.saved = blob;
    told.textContent = `${name} was saved, ${(blob.size / 1e6).toFixed(1)} MB.`;
    button.disabled = false;
  });
}

