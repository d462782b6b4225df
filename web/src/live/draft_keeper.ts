import { Store } from '../lib/store';
import { kMaxDraftBytes, type Drafts, type StoredDraft } from './drafts';
import type { SuggestionDraft } from './suggestion_draft';

/** What is written is kept within this time, and at once when the page is left. */
const kPatienceMs = 250;

/** Keeps a draft on this device until what is written in it is suggested or discarded. */
export class DraftKeeper {
  /** Leaving the page would lose what is written: the device does not keep it. */
  readonly atRisk = new Store(false);

  private readonly id = crypto.getRandomValues(new Uint32Array(4)).join('-');
  private readonly releases: (() => void)[] = [];
  /** Drafts of earlier pages, whose text this one has now. */
  private instead: string[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;
  private dirty = false;
  private kept = false;
  private ended = false;
  private work: Promise<void> = Promise.resolve();

  /** `drafts` is null where the browser keeps nothing. */
  constructor(private readonly drafts: Drafts | null, private readonly document: string, private readonly draft: SuggestionDraft) {
    this.releases.push(draft.onWritten(this.touch), draft.message.subscribe(this.touch));
    this.touch();
  }

  /** Writes on where earlier pages left off. Tells how many of these could not be read: they stay where they are. */
  bring(left: readonly StoredDraft[]): number {
    let unread = 0;
    for (const { id, update, message } of left) {
      if (!this.draft.bring(update)) { unread++; continue; }
      this.instead.push(id);
      if (!this.draft.message.get()) this.draft.message.set(message);
    }
    if (this.draft.changed.get()) this.flush();
    else void this.forget(); // all that was written had been taken back
    return unread;
  }

  /** Writes what is new now rather than in a moment. */
  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { drafts } = this;
    if (!drafts || !this.dirty || this.ended) return;
    this.dirty = false;
    let update = this.draft.written();
    if (update && update.length > kMaxDraftBytes) update = this.draft.finish(); // without what was taken back
    if (!update || update.length > kMaxDraftBytes) {
      this.atRisk.set(update !== null);
      return;
    }
    if (!this.kept) this.releases.push(drafts.hold(this.id));
    this.kept = true;
    const instead = this.instead.splice(0);
    this.note(drafts.put({ document: this.document, id: this.id, update, message: this.draft.message.get(), at: Date.now() }, instead));
  }

  /** What was written is suggested or discarded: nothing of it stays on the device, once that is `done`. */
  forget(done: Promise<void> = Promise.resolve()): Promise<void> {
    this.ended = true;
    clearTimeout(this.timer);
    const { drafts } = this;
    const ids = [...(this.kept ? [this.id] : []), ...this.instead.splice(0)];
    if (drafts && ids.length > 0) this.note(done.then(() => drafts.remove(this.document, ids)));
    return this.work;
  }

  /** Writes what is new, and ends. Resolves when all is written. */
  destroy(): Promise<void> {
    this.flush();
    this.ended = true;
    return this.work.then(() => { for (const release of this.releases) release(); });
  }

  private readonly touch = (): void => {
    if (this.ended || !this.draft.changed.get()) return;
    this.dirty = true;
    if (this.drafts) this.timer ??= setTimeout(() => this.flush(), kPatienceMs);
    else this.atRisk.set(true);
  };

  /** Nothing is put off: the page may be about to go. The storage keeps to the order. */
  private note(write: Promise<void>): void {
    const noted = write.then(() => this.atRisk.set(false), (error: unknown) => {
      console.error('A draft could not be kept on this device', error);
      this.atRisk.set(true);
    });
    this.work = Promise.all([this.work, noted]).then(() => {});
  }
}
