#!/usr/bin/env node
import { main } from '@funhash/cli';

process.exitCode = await main(process.argv.slice(2));
