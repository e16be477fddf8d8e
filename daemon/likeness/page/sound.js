// Cues and spoken prompts for who wants them: off until the button is tapped. A voice
// must live on this machine: nothing of a visit is sent anywhere to be spoken.

const CUES = {
  ask: [[660, 0, 0.14]],
  seen: [[784, 0, 0.1], [1046, 0.1, 0.16]],
  good: [[523, 0, 0.14], [659, 0.13, 0.14], [784, 0.26, 0.26]],
  help: [[440, 0, 0.18], [370, 0.17, 0.24]],
};
const LOUD = 0.12;

/** Which cue a scene has, or "". */
export function cueOf(scene) {
  if (scene.hint) return "";
  if (scene.act && scene.say.startsWith("ask_")) return "ask";
  if (scene.say === "act_seen") return "seen";
  if (scene.say === "verdict_accepted") return "good";
  if (scene.step === "verdict" && scene.say.startsWith("verdict_")) return "help";
  return "";
}

export class Sound {
  #on = false;
  #context = null;
  #said = "";

  get on() {
    return this.#on;
  }

  /** On or off; by a tap, as browsers ask for. */
  turn(on) {
    this.#on = on;
    if (on) {
      this.#context ??= new AudioContext();
      this.#context.resume();
      globalThis.speechSynthesis?.getVoices(); // the first call loads them
    } else {
      this.#context?.suspend();
      globalThis.speechSynthesis?.cancel();
    }
    this.#said = "";
  }

  /** Say a sentence once, with its cue before it. */
  say(sentence, cue, language) {
    if (!this.#on || sentence === this.#said) return;
    this.#said = sentence;
    if (cue) this.#play(CUES[cue]);
    this.#speak(sentence, language);
  }

  #play(notes) {
    const context = this.#context;
    for (const [hertz, at_s, for_s] of notes) {
      const from = context.currentTime + at_s;
      const tone = new OscillatorNode(context, { frequency: hertz, type: "sine" });
      const volume = new GainNode(context, { gain: 0 });
      volume.gain.setValueAtTime(0, from);
      volume.gain.linearRampToValueAtTime(LOUD, from + 0.02);
      volume.gain.exponentialRampToValueAtTime(0.001, from + for_s);
      tone.connect(volume).connect(context.destination);
      tone.start(from);
      tone.stop(from + for_s);
    }
  }

  #speak(sentence, language) {
    const synthesis = globalThis.speechSynthesis;
    if (!synthesis) return;
    synthesis.cancel();
    const main = language.split("-")[0].toLowerCase();
    const voice = synthesis
      .getVoices()
      .find((one) => one.localService && one.lang.toLowerCase().split(/[-_]/)[0] === main);
    if (!voice) return;
    const spoken = new SpeechSynthesisUtterance(sentence);
    spoken.voice = voice;
    spoken.lang = voice.lang;
    spoken.rate = 0.95;
    synthesis.speak(spoken);
  }
}
