import { useState, type FormEvent } from 'react';
import { useStore } from '../app_context';
import { bytesOf } from '../live/comments';
import type { SuggestionDraft } from '../live/suggestion_draft';
import { kMaxMessageBytes } from '../live/suggestions';
import { Badge } from '../ui/bits';
import { Button } from '../ui/button';
import { cx } from '../ui/cx';
import { Dialog } from '../ui/dialog';
import { inputLook } from '../ui/field';
import { Icon } from '../ui/icons';
import { Menu } from '../ui/menu';
import type { Suggesting } from './use_suggesting';

/** Below the toolbar while somebody suggests: what that means, and what becomes of what was written. */
export function SuggestBar({ draft, suggesting }: { draft: SuggestionDraft; suggesting: Suggesting }) {
  const changed = useStore(draft.changed);
  const message = useStore(draft.message);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    suggesting.suggest();
  };
  return (
    <form onSubmit={submit} data-testid="suggest-bar" className="flex min-h-11 flex-wrap items-center justify-center gap-2 border-t border-line bg-accent-soft px-3 py-1.5 text-sm sm:px-4">
      {changed ? (
        <>
          <input
            value={message} onChange={(event) => draft.message.set(event.target.value)} aria-label="What the suggestion is for" placeholder="Why? (if you like)" data-testid="suggest-message"
            aria-invalid={bytesOf(message) > kMaxMessageBytes || undefined} className={cx(inputLook, 'h-8 max-w-96 min-w-32 flex-1 px-2.5 text-sm')}
          />
          <Button type="submit" look="primary" disabled={bytesOf(message) > kMaxMessageBytes} data-testid="suggest-send">Suggest</Button>
          <Button onClick={suggesting.discard} data-testid="suggest-discard">Discard</Button>
        </>
      ) : <p className="flex items-center gap-2 text-accent"><Icon name="suggest" size={16} className="shrink-0" />You are suggesting: what you change is shown to the others as a suggestion.</p>}
    </form>
  );
}

/** In the document's header: whether one edits or suggests. */
export function ModeSwitch({ suggesting }: { suggesting: Suggesting }) {
  const [asking, setAsking] = useState(false);
  const { free, on, draft } = suggesting;
  if (!free) return on ? <Badge icon="suggest" tone="accent" testId="mode-badge"><span className="max-sm:sr-only">Suggesting</span></Badge> : null;
  const edit = () => { if (draft?.changed.get()) setAsking(true); else suggesting.setOn(false); };
  return (
    <>
      <Menu
        label="Mode" align="wide"
        items={[
          { label: 'Editing', icon: 'pencil', checked: !on, testId: 'mode-editing', onSelect: edit },
          { label: 'Suggesting', icon: 'suggest', checked: on, testId: 'mode-suggesting', onSelect: () => suggesting.setOn(true) },
        ]}
        trigger={(props) => (
          <button type="button" data-testid="mode" data-mode={on ? 'suggesting' : 'editing'} aria-label={`Mode: ${on ? 'Suggesting' : 'Editing'}`} {...props}
            className={cx('inline-flex h-8 items-center gap-1 rounded-md px-1.5 text-sm font-[500] hover:bg-hover', on ? 'text-accent' : 'text-muted')}>
            <Icon name={on ? 'suggest' : 'pencil'} size={18} /><span className="max-lg:sr-only">{on ? 'Suggesting' : 'Editing'}</span><Icon name="down" size={12} className="max-sm:hidden" />
          </button>
        )}
      />
      {asking ? (
        <Dialog title="Discard your changes?" onClose={() => setAsking(false)} testId="mode-dialog">
          <p className="text-base text-muted">You have changed the text, and have not suggested it yet.</p>
          <div className="mt-6 flex justify-end gap-2">
            <Button onClick={() => setAsking(false)} data-autofocus>Go on suggesting</Button>
            <Button look="danger" onClick={() => { setAsking(false); suggesting.setOn(false); }} data-testid="mode-discard">Discard</Button>
          </div>
        </Dialog>
      ) : null}
    </>
  );
}
