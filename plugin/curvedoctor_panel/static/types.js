/**
 * The shapes of the data that the view model sends (see view.py and overview.py).
 *
 * @typedef {"sick" | "healthy" | "undetermined"} Verdict
 * @typedef {"failed" | "needs attention" | "can't tell" | "could improve" | "fine"} State
 * @typedef {"error" | "warning" | "info"} Severity
 *
 * @typedef {object} RowCondition
 * @property {string} id
 * @property {Severity} severity
 * @property {number | null} confidence
 * @property {number | null} onset
 *
 * @typedef {object} Outcome
 * @property {string} label
 * @property {"lower" | "higher"} better
 * @property {number | null} last
 * @property {number | null} best
 *
 * @typedef {object} Row
 * @property {string} key
 * @property {string} run
 * @property {string} source
 * @property {string} group
 * @property {Verdict} verdict
 * @property {State} state
 * @property {Severity | null} severity
 * @property {RowCondition[]} conditions
 * @property {string} summary
 * @property {string} first
 * @property {boolean} suggested the first prescription rests on odds
 * @property {Record<string, string | number | boolean | null>} params
 * @property {Outcome | null} outcome
 * @property {(number | null)[]} spark
 * @property {boolean} sampled
 * @property {string} [stamp]
 *
 * @typedef {object} Problem
 * @property {string} where
 * @property {string} what
 * @property {number | null} offset
 * @property {boolean} note how something was read of which nothing is missing
 *
 * @typedef {object} SiblingParam
 * @property {string} name
 * @property {boolean} numeric
 * @property {boolean} log
 * @property {string[]} values
 *
 * @typedef {object} Family
 * @property {string} group
 * @property {string} outcome
 * @property {"lower" | "higher"} better
 * @property {SiblingParam[]} params
 * @property {string[]} runs
 *
 * @typedef {object} Overview
 * @property {Row[]} rows
 * @property {Record<State, number>} states
 * @property {{id: string, count: number}[]} conditions
 * @property {string[]} heaviest conditions, the gravest and commonest first
 * @property {Family[]} siblings
 * @property {string} tally how many are how
 * @property {string[]} sentences what many runs say
 * @property {Problem[]} problems
 * @property {Record<string, string>} titles
 *
 * @typedef {object} Finding
 * @property {string} condition
 * @property {string} title
 * @property {Severity} severity
 * @property {number | null} confidence
 * @property {string} summary
 * @property {string[]} curves
 * @property {number | null} onset
 * @property {[number | null, number | null] | null} span
 * @property {string | null} axis
 * @property {[string, string, string][]} evidence name, value, meaning
 *
 * @typedef {object} Prescription
 * @property {string} action
 * @property {string} title
 * @property {string} text
 * @property {number | null} confidence
 * @property {"seen" | "odds" | "siblings"} basis
 * @property {string} chance how likely it is to help, and on what that rests
 * @property {string} gain what to expect of it
 * @property {string} place why it stands where it does, where the numbers don't say
 * @property {string[]} treats
 * @property {string[]} because
 * @property {string | null} parameter
 * @property {string | null} change
 *
 * @typedef {object} CurveData
 * @property {string} label
 * @property {string} tag
 * @property {string} split
 * @property {string} quantity
 * @property {string} better
 * @property {string} granularity
 * @property {string} axis
 * @property {string[]} why
 * @property {number} points
 * @property {number[]} x
 * @property {[number, number, number]} [every] in reports, in place of x
 * @property {(number | null)[]} y
 * @property {number[] | null} [t] seconds since the run's start
 * @property {number} nonfinite
 * @property {number | null} first_nonfinite
 *
 * @typedef {object} Mark
 * @property {"onset" | "span" | "best" | "decay" | "band" | "nonfinite" | "extrapolation"} kind
 * @property {[number, number][]} [ranges]
 * @property {any} [x]
 * @property {any} [y]
 * @property {number} [from]
 * @property {number} [to]
 * @property {number[]} [low]
 * @property {number[]} [high]
 * @property {number} [end]
 * @property {number} [curve]
 * @property {number} [finding]
 * @property {string} [condition]
 * @property {Severity} [severity]
 * @property {string} [label]
 *
 * @typedef {object} ChartData
 * @property {string} title
 * @property {string} quantity
 * @property {string} axis
 * @property {boolean} log
 * @property {number[]} curves
 * @property {number[]} findings
 * @property {Mark[]} marks
 *
 * @typedef {object} Page
 * @property {string} condition
 * @property {string} title
 * @property {{heading: string, blocks: {kind: string, text: string}[]}[]} sections
 * @property {Picture[]} [pictures]
 *
 * @typedef {object} Picture
 * @property {"sick" | "healthy"} kind
 * @property {string} alt
 * @property {number | null} onset 0..1
 * @property {{label: string, split: string, x: number[], y: (number | null)[]}[]} curves thousandths of the picture
 *
 * @typedef {object} RunView
 * @property {string} run
 * @property {string} source
 * @property {string} group
 * @property {Verdict} verdict
 * @property {State} state
 * @property {string} headline
 * @property {string[]} asides that the run goes on, what it was not judged for
 * @property {{seen: string, suggested: string, unjudged: string}} heads
 * @property {Finding[]} findings
 * @property {Prescription[]} prescriptions
 * @property {string} look what to look for before the first is tried; "" where nothing is
 * @property {{name: string, title: string, facts: [string, string][]}[]} readings
 * @property {{reason: string, conditions: string[]}[]} unjudged
 * @property {Problem[]} problems
 * @property {number} problem_count
 * @property {[string, string][]} params
 * @property {number | null} started seconds since 1970
 * @property {{x: number[], y: number[]} | null} epochs
 * @property {CurveData[]} curves
 * @property {CurveData[]} others
 * @property {ChartData[]} charts
 * @property {Record<string, Page>} pages
 * @property {string | null} sampled
 *
 * @typedef {{next: string, groups: {title: string, lines: string[]}[]}} Conclusions
 *
 * What a surface offers to the panel: where its data come from.
 * @typedef {object} Store
 * @property {(key: string) => Promise<RunView | undefined>} run
 * @property {(condition: string) => Promise<Page | null>} explain
 * @property {() => Promise<Conclusions>} [compare] what sibling runs say together
 * @property {(row: Row) => string} [absent] what to say of a run that is not told in full
 * @property {(view: RunView, chart: ChartData) => string | null} [native] address of the host's own view of a chart
 *
 * Where a surface keeps the deep link.
 * @typedef {object} Place
 * @property {() => Record<string, string>} read
 * @property {(values: Record<string, string>) => void} write
 *
 * What the surface's source is doing.
 * @typedef {object} Status
 * @property {"starting" | "reading" | "ready" | "failed"} phase
 * @property {string} text
 * @property {number} [done]
 * @property {number} [total]
 * @property {string[]} [notices]
 */
export {};
