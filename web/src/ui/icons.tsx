import type { ReactNode } from 'react';

/** Our own icons: 20 by 20, strokes of 1.5 with round ends, in the colour of the text around them. */
const paths = {
  plus: <path d="M10 4v12M4 10h12" />,
  search: <><circle cx="9" cy="9" r="5.25" /><path d="m13 13 3.5 3.5" /></>,
  more: <g fill="currentColor" stroke="none"><circle cx="4.5" cy="10" r="1.4" /><circle cx="10" cy="10" r="1.4" /><circle cx="15.5" cy="10" r="1.4" /></g>,
  comment: <path d="M4.5 4h11c.97 0 1.75.78 1.75 1.75v6.5c0 .97-.78 1.75-1.75 1.75H9l-3.75 3v-3H4.5c-.97 0-1.75-.78-1.75-1.75v-6.5C2.75 4.78 3.53 4 4.5 4Z" />,
  commentPlus: <path d="M4.5 4h11c.97 0 1.75.78 1.75 1.75v6.5c0 .97-.78 1.75-1.75 1.75H9l-3.75 3v-3H4.5c-.97 0-1.75-.78-1.75-1.75v-6.5C2.75 4.78 3.53 4 4.5 4ZM10 6.5v5M7.5 9h5" />,
  suggest: <path d="M3 16.5h7.5M4 13l.6-2.8 6.9-6.9a1.4 1.4 0 0 1 2 0l.2.2a1.4 1.4 0 0 1 0 2l-6.9 6.9L4 13ZM15.25 11v5M12.75 13.5h5" />,
  trash: <path d="M3.5 5.5h13M8 5.5V3.75h4V5.5M5.25 5.5l.75 11h8l.75-11M8.4 8.75v4.75M11.6 8.75v4.75" />,
  pencil: <path d="m4 16 .8-3.6L13 4.2a1.6 1.6 0 0 1 2.3 0l.5.5a1.6 1.6 0 0 1 0 2.3l-8.2 8.2L4 16ZM11.6 5.6l2.8 2.8" />,
  people: <><circle cx="8" cy="7" r="2.75" /><path d="M2.75 16c.4-2.9 2.5-4.5 5.25-4.5 1.3 0 2.5.4 3.4 1.1M15 11.5v5M12.5 14h5" /></>,
  group: <><circle cx="7.25" cy="7" r="2.6" /><path d="M2.25 15.75c.4-2.7 2.3-4.2 5-4.2s4.6 1.5 5 4.2M12.4 4.7a2.5 2.5 0 0 1 0 4.7M14.2 11.9c2 .5 3.2 1.8 3.55 3.85" /></>,
  everybody: <><circle cx="10" cy="10" r="7" /><path d="M3 10h14M10 3c2 2 2.9 4.3 2.9 7s-.9 5-2.9 7c-2-2-2.9-4.3-2.9-7S8 5 10 3Z" /></>,
  folder: <path d="M2.75 6.25c0-.97.78-1.75 1.75-1.75h3.1l1.9 2h6c.97 0 1.75.78 1.75 1.75v5.5c0 .97-.78 1.75-1.75 1.75h-11c-.97 0-1.75-.78-1.75-1.75v-7.5Z" />,
  move: <path d="M2.75 6.25c0-.97.78-1.75 1.75-1.75h3.1l1.9 2h6c.97 0 1.75.78 1.75 1.75v5.5c0 .97-.78 1.75-1.75 1.75h-11c-.97 0-1.75-.78-1.75-1.75v-7.5ZM7 11h5.5M10.5 8.75 12.75 11l-2.25 2.25" />,
  list: <path d="M4.5 3.5h11v13h-11zM7.5 7.25h5M7.5 10h5M7.5 12.75h3" />,
  person: <><circle cx="10" cy="7" r="3" /><path d="M4 16.5c.5-3 2.8-4.75 6-4.75s5.5 1.75 6 4.75" /></>,
  key: <><circle cx="7" cy="13" r="3.25" /><path d="m9.4 10.6 6.8-6.8M13 7l2.25 2.25M15 5l1.5 1.5" /></>,
  shield: <path d="M10 2.75 4 5v4.5c0 3.6 2.4 6.4 6 7.75 3.6-1.35 6-4.15 6-7.75V5l-6-2.25ZM7.25 9.9l2 2 3.5-3.9" />,
  download: <path d="M10 3.5v9M6.25 9 10 12.75 13.75 9M4 16.5h12" />,
  link: <path d="M8.2 11.8a3 3 0 0 0 4.3 0l2.9-2.9a3.05 3.05 0 0 0-4.3-4.3l-.9.9M11.8 8.2a3 3 0 0 0-4.3 0l-2.9 2.9a3.05 3.05 0 0 0 4.3 4.3l.9-.9" />,
  copy: <><rect x="7" y="7" width="9.5" height="9.5" rx="2" /><path d="M13 4.9A1.6 1.6 0 0 0 11.4 3.5H5.1A1.6 1.6 0 0 0 3.5 5.1v6.3A1.6 1.6 0 0 0 4.9 13" /></>,
  check: <path d="m4.5 10.5 3.7 3.7 7.3-8.4" />,
  close: <path d="m5.25 5.25 9.5 9.5M14.75 5.25l-9.5 9.5" />,
  back: <path d="M16 10H4.5M9 5 4 10l5 5" />,
  down: <path d="m5.5 8 4.5 4.5L14.5 8" />,
  sun: <><circle cx="10" cy="10" r="3.25" /><path d="M10 2.5v1.75M10 15.75v1.75M2.5 10h1.75M15.75 10h1.75M4.7 4.7l1.2 1.2M14.1 14.1l1.2 1.2M4.7 15.3l1.2-1.2M14.1 5.9l1.2-1.2" /></>,
  moon: <path d="M16.6 11.7A7 7 0 0 1 8.3 3.4a7 7 0 1 0 8.3 8.3Z" />,
  screen: <><rect x="2.75" y="3.75" width="14.5" height="9.75" rx="1.75" /><path d="M7 16.75h6M10 13.5v3.25" /></>,
  leave: <path d="M8 3.5H5.25A1.75 1.75 0 0 0 3.5 5.25v9.5c0 1 .8 1.75 1.75 1.75H8M13 6.5l3.5 3.5-3.5 3.5M16.5 10H8" />,
  eye: <><path d="M2.5 10c1.6-3.3 4.3-5 7.5-5s5.9 1.7 7.5 5c-1.6 3.3-4.3 5-7.5 5s-5.9-1.7-7.5-5Z" /><circle cx="10" cy="10" r="2.25" /></>,
  warn: <path d="M10 7.5v4M10 14v.2M8.6 3.9 2.7 14.1A1.6 1.6 0 0 0 4.1 16.5h11.8a1.6 1.6 0 0 0 1.4-2.4L11.4 3.9a1.6 1.6 0 0 0-2.8 0Z" />,
  cloudCheck: <><path d="M5.75 15.5a3.4 3.4 0 0 1-.5-6.8 4.9 4.9 0 0 1 9.4.9 3 3 0 0 1-.4 5.9H5.75Z" /><path d="m7.6 11.6 1.8 1.8 3.1-3.4" /></>,
  cloudOff: <path d="M3 3l14 14M7 5.8a4.9 4.9 0 0 1 7.6 3.8 3 3 0 0 1 2 4.7M14 15.5H5.75a3.4 3.4 0 0 1-.5-6.8" />,
  sync: <path d="M16 8.2A6.3 6.3 0 0 0 4.6 6.8L3.5 8M3.5 4.5V8H7M4 11.8a6.3 6.3 0 0 0 11.4 1.4l1.1-1.2M16.5 15.5V12H13" />,
  undo: <path d="M7 4.5 3.5 8 7 11.5M4 8h7.5a4.25 4.25 0 0 1 0 8.5H8" />,
  redo: <path d="M13 4.5 16.5 8 13 11.5M16 8H8.5a4.25 4.25 0 0 0 0 8.5H12" />,
  bold: <path strokeWidth="1.9" d="M6 4h4.5a3 3 0 0 1 0 6H6V4ZM6 10h5.25a3.1 3.1 0 0 1 0 6.2H6V10Z" />,
  italic: <path d="M8.5 4H14M6 16h5.5M11.5 4l-3 12" />,
  underline: <path d="M5.75 3.5V9a4.25 4.25 0 0 0 8.5 0V3.5M4.5 16.75h11" />,
  strike: <path d="M3.5 10h13M13.6 6.3C13.1 4.7 11.8 3.75 10 3.75c-2.1 0-3.6 1.1-3.6 2.9 0 1 .5 1.8 1.4 2.4M6.2 13.4c.4 1.8 1.8 2.85 3.9 2.85 2.2 0 3.8-1.1 3.8-3 0-.5-.1-.9-.3-1.25" />,
  bullets: <><g fill="currentColor" stroke="none"><circle cx="4" cy="5.25" r="1.15" /><circle cx="4" cy="10" r="1.15" /><circle cx="4" cy="14.75" r="1.15" /></g><path d="M8 5.25h8.5M8 10h8.5M8 14.75h8.5" /></>,
  numbers: <><path d="M8.5 5.25h8M8.5 10h8M8.5 14.75h8" /><path strokeWidth="1.25" d="M3.4 4.1 4.6 3.4v4M3.1 13c.3-.7 2.2-.8 2.2.4 0 .9-1.2 1.3-2.2 2.6h2.4" /></>,
  checks: <><rect x="2.75" y="3.25" width="4.5" height="4.5" rx="1.1" /><path d="m3 14.4 1.4 1.4 2.7-3.1M10.5 5.5h6M10.5 14h6" /></>,
  code: <path d="M7 5.5 2.75 10 7 14.5M13 5.5l4.25 4.5L13 14.5" />,
  codeBlock: <><rect x="2.75" y="3.5" width="14.5" height="13" rx="2" /><path d="M8.25 7.75 6 10l2.25 2.25M11.75 7.75 14 10l-2.25 2.25" /></>,
  quote: <path d="M4 4.5v11M8 6h8.5M8 10h8.5M8 14h5.5" />,
  clear: <path d="M5 4h10M10 4 8.2 11M7 16h4M13.2 12.2l3.6 3.6M16.8 12.2l-3.6 3.6" />,
  page: <path d="M5.5 2.75h6L15.5 7v8.5a1.75 1.75 0 0 1-1.75 1.75h-8A1.75 1.75 0 0 1 4 15.5v-11c0-1 .5-1.75 1.5-1.75ZM11.25 3v4.25h4M7 10.5h6M7 13.5h4" />,
  pagePlain: <path d="M5.5 2.75h6L15.5 7v8.5a1.75 1.75 0 0 1-1.75 1.75h-8A1.75 1.75 0 0 1 4 15.5v-11c0-1 .5-1.75 1.5-1.75ZM11.25 3v4.25h4" />,
  pageHash: <path d="M5.5 2.75h6L15.5 7v8.5a1.75 1.75 0 0 1-1.75 1.75h-8A1.75 1.75 0 0 1 4 15.5v-11c0-1 .5-1.75 1.5-1.75ZM11.25 3v4.25h4M8.6 9.5l-.7 5M11.6 9.5l-.7 5M7 11.1h5.6M6.8 13h5.6" />,
  pageCode: <path d="M5.5 2.75h6L15.5 7v8.5a1.75 1.75 0 0 1-1.75 1.75h-8A1.75 1.75 0 0 1 4 15.5v-11c0-1 .5-1.75 1.5-1.75ZM11.25 3v4.25h4M8.4 10.2l-1.8 1.9 1.8 1.9M11.3 10.2l1.8 1.9-1.8 1.9" />,
} satisfies Record<string, ReactNode>;

export type IconName = keyof typeof paths;

export function Icon({ name, size = 20, className }: { name: IconName; size?: number; className?: string | undefined }) {
  return (
    <svg
      viewBox="0 0 20 20" width={size} height={size} aria-hidden="true" focusable="false" className={className}
      fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" strokeLinejoin="round"
    >
      {paths[name]}
    </svg>
  );
}

const typeIcons: Record<string, IconName> = { rich_text: 'page', markdown: 'pageHash', code: 'pageCode', plain_text: 'pagePlain' };
export const typeIcon = (docType: string): IconName => typeIcons[docType] ?? 'pagePlain';
