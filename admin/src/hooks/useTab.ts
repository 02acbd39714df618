import { useCallback } from 'react';
import { useLocation, useNavigate } from 'react-router-dom';

/** The tabs of the page, in their order. */
export const TABS = ['sync', 'history', 'settings'] as const;

export type TabName = (typeof TABS)[number];

function isTab(name: string): name is TabName {
  return TABS.some((tab) => tab === name);
}

/**
 * The open tab, kept in the address (`#history`), so that a reload, a link and the browser's back button find it. It is
 * the fragment and not the query, since Strapi asks about unsaved changes whenever the query changes.
 *
 * @param initial the tab of an address that names none.
 */
export function useTab(initial: TabName): [TabName, (tab: string) => void] {
  const { hash, pathname, search } = useLocation();
  const navigate = useNavigate();
  const named = hash.slice(1);

  const open = useCallback(
    (tab: string) => {
      navigate({ pathname, search, hash: tab });
    },
    [navigate, pathname, search],
  );
  return [isTab(named) ? named : initial, open];
}
