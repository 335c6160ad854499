package cyclonedx

import "testing/fstest"

// small is a model in which every state of a threat comes up that one can reach
// without evidence.
var small = fstest.MapFS{"ssf.yaml": {Data: []byte(`ssf: 1
system:
  name: Bookshop
  version: "2.1"
  supplier: Bookshop BV
  purpose: Sells books to the public.
  misuse: [Reselling customer data]
  contact: security@bookshop.example
  support_until: 2029-12-31
use:
  catalogues: [asvs-5.0@L1]
people:
  cto: {name: C. Tester, accepts_up_to: critical, for_at_most: 2y}
zones:
  internet: {trust: none}
  cluster: {trust: high, run_by: supplier}
  vault: {in: cluster, trust: high}
actors:
  customer: {zone: internet, hostile: possible}
  clerk: {name: Clerk of the shop, zone: internet}
assets:
  payment-card:
    needs: {confidentiality: critical, integrity: high, availability: medium}
    personal: yes
  catalogue: {needs: {confidentiality: none, integrity: medium, availability: low}}
components:
  web:
    name: Shop
    says: The pages.
    kind: web_service
    zone: cluster
    tech: [go]
    builds_queries: parametrised
    code: [web/**]
  app: {kind: mobile_app, zone: internet, tech: [], preset_credentials: no}
  db: {from_tool: N-9, kind: database, zone: vault, tech: [postgresql], stores: [payment-card, catalogue]}
flows:
  checkout: {from: customer, to: web, over: https, sends: [payment-card], returns: [catalogue]}
  look: {from: app, to: web, over: https, returns: [catalogue]}
  query: {from: web, to: db, over: postgresql, sends: [payment-card], returns: [catalogue, payment-card]}
functions:
  pay:
    at: web
    does: update
    on: [payment-card]
    allow: {customer: {scope: own, auth: session}, clerk: {scope: all, auth: sso}}
    otherwise: deny
requirements:
  card-secrecy:
    says: Card numbers are readable by the payment service only.
    protects: [payment-card.confidentiality]
    meets: [asvs-5.0:14.2.1]
assumptions:
  private-network:
    says: Database and web service share a network that nobody else can reach.
    owner: customer
    holds_if: deployment.network == "private"
    check: {do: From another host connect to port 5432., expect: The connection is refused.}
    when: setup
    effort: low
    default: unsafe
threats:
  refund-fraud: {at: pay, says: A clerk refunds to an own card., origin: behaviour, endangers: [payment-card.integrity], likelihood: low}
  second-copy: {at: query, says: "Somebody copies the table.", origin: architecture, endangers: [payment-card.confidentiality], stride: [information_disclosure], likelihood: high}
  guess: {at: web, says: Somebody guesses., origin: behaviour, endangers: [payment-card.confidentiality], likelihood: medium}
  later: {at: web, says: Somebody waits., origin: behaviour, endangers: [payment-card.confidentiality], likelihood: medium}
  elsewhere: {at: db, says: Somebody listens., origin: architecture, endangers: [payment-card.confidentiality], likelihood: medium}
  nowhere: {at: db, says: Somebody is not there., origin: architecture, endangers: [payment-card.confidentiality], likelihood: medium}
  dry: {at: db, says: Somebody is there in public only., origin: architecture, endangers: [payment-card.confidentiality], likelihood: medium}
  scraped: {at: web, name: Scraped, says: A program reads all pages., from_tool: T-7, origin: behaviour, endangers: [payment-card.confidentiality], weaknesses: [CWE-799], attacks: [CAPEC-167], severity: high, likelihood: low}
  overheard: {at: query, name: Overheard, says: Somebody listens on the wire., severity: low, weaknesses: [CWE-319], from_tool: T-8, same_as: ['eavesdropping@query']}
decisions:
- {threat: guess@web, treat: accept, because: Nobody can guess it., by: cto, until: 2027-01-31}
- {threat: elsewhere@db, treat: transfer, to: private-network, because: It is theirs., by: cto}
- {threat: nowhere@db, treat: not_applicable, because: There is none., by: cto}
- {threat: dry@db, treat: not_applicable, because: It is private., holds_if: 'deployment.network == "private"', by: cto}
- {threat: sql-injection@query, treat: not_applicable, because: It has no SQL., by: cto}
mitigations:
  rate-limiting: {counters: [flooding@web], where: [web/limit.go], state: implemented}
  two-people: {says: Two people sign., counters: [refund-fraud@pay], where: [web/pay.go], state: implemented}
  one-copy: {says: The table is one., counters: [later@web], where: [web/copy.go], state: planned}
runs:
  unit: {run: go test -json ./...}
verifications:
  refunds-need-two: {verifies: [two-people], in: unit, tests: [TestTwo], method: test}
deployments:
  prod: {network: private}
`)}}
