// A button that opens a menu, and tabs: of Ariakit, which knows the keys that people expect.

import * as Ariakit from '@ariakit/react';
import type { ComponentChildren } from 'preact';

interface Item {
  label: string;
  icon?: ComponentChildren;
  onSelect: () => void;
  danger?: boolean;
  disabled?: boolean;
}

export function Menu({ label, icon, items }: { label: string; icon: ComponentChildren; items: Item[] }) {
  return (
    <Ariakit.MenuProvider placement="bottom-end">
      <Ariakit.MenuButton class="button plain square" aria-label={label}>
        {icon}
      </Ariakit.MenuButton>
      <Ariakit.Menu gutter={6} class="menu" portal unmountOnHide>
        {items.map((item) => (
          <Ariakit.MenuItem key={item.label} class={`menu-item${item.danger ? ' danger' : ''}`} disabled={item.disabled} onClick={item.onSelect}>
            {item.icon}
            {item.label}
          </Ariakit.MenuItem>
        ))}
      </Ariakit.Menu>
    </Ariakit.MenuProvider>
  );
}

interface Tab<T extends string> {
  id: T;
  label: ComponentChildren;
  content: () => ComponentChildren;
}

/** Tabs, one of which is shown. */
export function Tabs<T extends string>({ label, tabs, shown, onShow }: { label: string; tabs: Tab<T>[]; shown: T; onShow: (id: T) => void }) {
  return (
    <Ariakit.TabProvider selectedId={shown} setSelectedId={(id) => id && onShow(id as T)}>
      <Ariakit.TabList class="tabs" aria-label={label}>
        {tabs.map((tab) => (
          <Ariakit.Tab key={tab.id} id={tab.id} class="tab">
            {tab.label}
          </Ariakit.Tab>
        ))}
      </Ariakit.TabList>
      {tabs.map((tab) => (
        <Ariakit.TabPanel key={tab.id} tabId={tab.id} unmountOnHide class="tab-panel">
          {tab.id === shown && tab.content()}
        </Ariakit.TabPanel>
      ))}
    </Ariakit.TabProvider>
  );
}
