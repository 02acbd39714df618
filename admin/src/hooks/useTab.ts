import { useCallback } from 'react';
import { useLocation, useNavigate } from 'react-router-dom';

/** The tabs of the page, in their order. */
export const TABS = ['sync', 'preview', 'history', 'trash', 'settings'] as const;

export type TabName = (typeof TABS)[number];

function isTab(name: string): name is TabName {
  return TABS.some((tab) => tab === name);
}

/** What of the page is open. */
export interface OpenTab {
  tab: TabName;
  /** What is open inside the tab: `12` of `#history/12`, `''` where nothing is named. */
  item: string;
  /** Opens a tab, or something in it: `history`, `history/12`. */
  open: (place: string) => void;
}

/**
 * The open tab, kept in the address (`#history`), so that a reload, a link and the browser's back button find it. It is
 * the fragment and not the query, since Strapi asks about unsaved changes whenever the query changes.
 *
 * @param initial the tab of an address that names none.
 */
export function useTab(initial: TabName): OpenTab {
  const { hash, pathname, search } = useLocation();
  const navigate = useNavigate();
  const [named = '', item = ''] = hash.slice(1).split('/');

  const open = useCallback(
    (place: string) => {
      navigate({ pathname, search, hash: place });
    },
    [navigate, pathname, search],
  );
  return isTab(named) ? { tab: named, item, open } : { tab: initial, item: '', open };
}
