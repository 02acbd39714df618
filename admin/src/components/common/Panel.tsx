import { Flex, Typography } from '@strapi/design-system';
import { useId, type ReactNode } from 'react';

interface PanelProps {
  title: string;
  description?: string;
  /** At the right of the title. */
  action?: ReactNode;
  children?: ReactNode;
}

/** A titled part of the page, on a card of its own. */
export function Panel({ title, description, action, children }: PanelProps) {
  const titleId = useId();

  return (
    <Flex
      tag="section"
      aria-labelledby={titleId}
      direction="column"
      alignItems="stretch"
      gap={5}
      padding={6}
      hasRadius
      background="neutral0"
      shadow="tableShadow"
    >
      <Flex justifyContent="space-between" alignItems="flex-start" gap={4} wrap="wrap">
        <Flex direction="column" alignItems="stretch" gap={1} flex="1 1 28rem" minWidth={0}>
          <Typography id={titleId} tag="h2" variant="delta">
            {title}
          </Typography>
          {description ? (
            <Typography tag="p" variant="omega" textColor="neutral600">
              {description}
            </Typography>
          ) : null}
        </Flex>
        {action}
      </Flex>
      {children}
    </Flex>
  );
}
