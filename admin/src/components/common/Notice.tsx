import { Box, Flex, Typography } from '@strapi/design-system';
import { CheckCircle, Information, WarningCircle } from '@strapi/icons';
import type { ReactNode } from 'react';

type NoticeVariant = 'info' | 'success' | 'warning' | 'danger';

const COLORS: Record<NoticeVariant, string> = {
  info: 'primary',
  success: 'success',
  warning: 'warning',
  danger: 'danger',
};

const ICONS = { info: Information, success: CheckCircle, warning: WarningCircle, danger: WarningCircle } as const;

interface NoticeProps {
  variant: NoticeVariant;
  title: string;
  /** Below the text: buttons. */
  actions?: ReactNode;
  children?: ReactNode;
}

/**
 * A message that stays. The design system's `Alert` always has a close button, and what is said here ends only
 * when its reason does.
 */
export function Notice({ variant, title, actions, children }: NoticeProps) {
  const Icon = ICONS[variant];
  const color = COLORS[variant];

  return (
    <Flex
      alignItems="flex-start"
      gap={3}
      padding={4}
      hasRadius
      background={`${color}100`}
      borderColor={`${color}200`}
      data-notice={variant}
    >
      <Flex shrink={0} paddingTop="0.2rem">
        <Icon fill={`${color}600`} width="1.6rem" height="1.6rem" aria-hidden />
      </Flex>
      <Flex direction="column" alignItems="stretch" gap={2} flex="1" minWidth={0}>
        <Typography tag="p" fontWeight="bold" textColor="neutral800">
          {title}
        </Typography>
        {children}
        {actions ? (
          <Box paddingTop={1}>
            <Flex gap={2} wrap="wrap">
              {actions}
            </Flex>
          </Box>
        ) : null}
      </Flex>
    </Flex>
  );
}
