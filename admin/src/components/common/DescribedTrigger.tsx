import { Accordion, Typography } from '@strapi/design-system';

interface DescribedTriggerProps {
  title: string;
  description: string;
}

/** What opens a part of a small accordion. The design system shows a description only in large ones. */
export function DescribedTrigger({ title, description }: DescribedTriggerProps) {
  return (
    <Accordion.Trigger>
      {title}
      <Typography variant="pi" fontWeight="regular" textColor="neutral600" paddingLeft={3}>
        {description}
      </Typography>
    </Accordion.Trigger>
  );
}
