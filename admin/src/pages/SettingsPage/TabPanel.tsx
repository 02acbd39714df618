import { Flex, Tabs } from '@strapi/design-system';
import { Layouts } from '@strapi/strapi/admin';
import type { ReactNode } from 'react';

import type { TabName } from '../../hooks/useTab';

interface TabPanelProps {
  name: TabName;
  children: ReactNode;
}

/** What is under one tab; it is there only while the tab is open. */
export function TabPanel({ name, children }: TabPanelProps) {
  return (
    <Tabs.Content value={name}>
      <Layouts.Content>
        <Flex direction="column" alignItems="stretch" gap={6} paddingTop={6}>
          {children}
        </Flex>
      </Layouts.Content>
    </Tabs.Content>
  );
}
