import { useStore } from '../app_context';
import { asProblem } from '../lib/problem';
import { Store } from '../lib/store';
import { IconButton } from './button';
import { cx } from './cx';
import { Icon } from './icons';

interface Toast {
  id: number;
  kind: 'done' | 'error';
  title: string;
  detail: string;
  reference: string | null;
}

const kMaxToasts = 4;
const kDoneMs = 3_500;
const kErrorMs = 10_000;

const toasts = new Store<readonly Toast[]>([]);
let nextId = 1;

function show(toast: Omit<Toast, 'id'>, ms: number): void {
  const id = nextId++;
  const same = (other: Toast) => other.title === toast.title && other.detail === toast.detail;
  toasts.set([...toasts.get().filter((other) => !same(other)), { ...toast, id }].slice(-kMaxToasts));
  setTimeout(() => dismiss(id), ms);
}

function dismiss(id: number): void {
  toasts.set(toasts.get().filter((toast) => toast.id !== id));
}

export function toastDone(title: string): void {
  show({ kind: 'done', title, detail: '', reference: null }, kDoneMs);
}

/** What could not be done, for a reason that the page knows itself. */
export function toastProblem(title: string, detail: string): void {
  show({ kind: 'error', title, detail, reference: null }, kErrorMs);
}

/** Shows what went wrong, in the problem's words, and the request's id for whoever reads the hub's logs. */
export function toastError(error: unknown, title?: string): void {
  const problem = asProblem(error);
  const { heading, detail } = problem.words;
  show({
    kind: 'error', title: title ?? heading, detail: title ? [heading, detail].filter(Boolean).join('. ') : detail, reference: problem.instance,
  }, kErrorMs);
}

export function Toasts() {
  const shown = useStore(toasts);
  return (
    <div
      aria-live="polite" data-testid="toasts" popover="manual" ref={(element) => {
        // In the top layer, and above a dialog that opened meanwhile.
        if (!element) return;
        if (element.matches(':popover-open')) element.hidePopover();
        if (shown.length > 0) element.showPopover();
      }}
      className="fixed inset-x-4 top-auto bottom-4 left-auto m-0 w-[calc(100%-2rem)] max-w-[24rem] flex-col gap-2 overflow-visible border-0 bg-transparent p-0 text-ink [&:popover-open]:flex max-sm:left-4"
    >
      {shown.map((toast) => (
        <div
          key={toast.id} role={toast.kind === 'error' ? 'alert' : 'status'} data-testid="toast" data-kind={toast.kind}
          className="flex items-start gap-3 rounded-lg border border-line bg-raised py-3 pr-2 pl-3.5 shadow-float animate-rise"
        >
          <Icon name={toast.kind === 'error' ? 'warn' : 'check'} size={18} className={cx('mt-px shrink-0', toast.kind === 'error' ? 'text-danger' : 'text-accent')} />
          <div className="min-w-0 flex-1 text-sm">
            <p className="font-[550]">{toast.title}</p>
            {toast.detail ? <p className="mt-0.5 break-words text-muted">{toast.detail}</p> : null}
            {toast.reference ? <p className="mt-1 truncate font-mono text-2xs text-faint">Request {toast.reference}</p> : null}
          </div>
          <IconButton icon="close" label="Dismiss" className="-my-1 size-7" onClick={() => dismiss(toast.id)} />
        </div>
      ))}
    </div>
  );
}
