import { checkArgument, option } from '@funhash/hashing';
import type { Campaign } from '../generation/campaign.ts';

const campaignRule = option.that<Campaign>(
  'a campaign, as rnnTest gives it',
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    typeof (value as Campaign).step === 'function' &&
    Array.isArray((value as Campaign).adversarial),
);

/** Refuses what is no campaign. @throws ArgumentError */
export function requireCampaign(operation: string, campaign: unknown): asserts campaign is Campaign {
  checkArgument(operation, 'campaign', campaignRule, campaign);
}
