import * as React from 'react';

export interface ITab {
  id: string;
  label: string;
  /** How many things here wait for the user; 0 shows nothing. */
  open: number;
  /** What `open` counts, for screen readers. */
  openText: string;
}

interface ITabsProps {
  label: string;
  tabs: readonly ITab[];
  selected: string;
  onSelect: (id: string) => void;
  children: React.ReactNode;
}

/** Tabs as the ARIA practices have them: arrows, Home and End move, the selected one is the only one in the tab order. */
export function Tabs({ label, tabs, selected, onSelect, children }: ITabsProps): React.JSX.Element {
  const id = React.useId();
  const list = React.useRef<HTMLDivElement>(null);
  const move = (event: React.KeyboardEvent): void => {
    const at = tabs.findIndex(tab => tab.id === selected);
    const to = target(event.key, at, tabs.length);
    if (to !== null) {
      event.preventDefault();
      onSelect(tabs[to].id);
      list.current?.querySelectorAll<HTMLElement>('[role=tab]')[to]?.focus();
    }
  };
  return (
    <>
      <div ref={list} className="jp-Mlpack-Tabs" role="tablist" aria-label={label} onKeyDown={move}>
        {tabs.map(tab => (
          <button
            key={tab.id}
            type="button"
            role="tab"
            id={`${id}-${tab.id}`}
            className="jp-Mlpack-Tab"
            aria-selected={tab.id === selected}
            aria-controls={`${id}-panel`}
            tabIndex={tab.id === selected ? 0 : -1}
            onClick={() => onSelect(tab.id)}
          >
            {tab.label}
            {tab.open > 0 && (
              <span className="jp-Mlpack-Tab-open" title={tab.openText} aria-label={tab.openText} role="img">
                {tab.open}
              </span>
            )}
          </button>
        ))}
      </div>
      <div
        id={`${id}-panel`}
        className="jp-Mlpack-TabPanel"
        role="tabpanel"
        aria-labelledby={`${id}-${selected}`}
        tabIndex={0}
        key={selected}
      >
        {children}
      </div>
    </>
  );
}

/** Where a key leads; null for one that leads nowhere. */
function target(key: string, at: number, count: number): number | null {
  switch (key) {
    case 'ArrowRight':
      return (at + 1) % count;
    case 'ArrowLeft':
      return (at + count - 1) % count;
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return null;
  }
}
