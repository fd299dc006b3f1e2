public import Accounts
public import Authorization
import Domain
import HTTPTypes
import Hummingbird
public import Gallery
import Logging
public import Publishing

/// The management API: every endpoint, and the operations behind them.
///
/// It translates HTTP to operations and back; rules are in `Accounts`. The description at `/api/v1/openapi.json` is made of
/// the same values as the routes.
public struct API: Sendable {
    let sessions: Sessions
    let people: People
    let joinings: Joinings
    let partners: Partners
    let staff: Staff
    let clients: Clients
    let admins: ClientAdmins
    let imports: ClientImports
    let systems: Systems
    let users: Users
    let invitations: PartnerInvitations
    let audit: AuditTrail
    let unknown: UnknownIDs
    let access: Access
    let drafts: Drafts
    let archives: Archives
    let versions: Versions
    let downloads: Downloads
    let origins: Origins
    let advisories: Advisories
    let releases: Releases
    let environments: Environments
    let standardContent: StandardContent
    let explanations: Explanations
    let edges: EdgeStates
    let requests: RateLimit

    /// Puts the API together.
    public init(
        sessions: Sessions,
        people: People,
        joinings: Joinings,
        partners: Partners,
        staff: Staff,
        clients: Clients,
        admins: ClientAdmins,
        imports: ClientImports,
        systems: Systems,
        users: Users,
        invitations: PartnerInvitations,
        audit: AuditTrail,
        unknown: UnknownIDs,
        access: Access,
        drafts: Drafts,
        archives: Archives,
        versions: Versions,
        downloads: Downloads,
        origins: Origins,
        advisories: Advisories,
        releases: Releases,
        environments: Environments,
        standardContent: StandardContent,
        explanations: Explanations,
        edges: EdgeStates,
        requests: RateLimit
    ) {
        self.sessions = sessions
        self.people = people
        self.joinings = joinings
        self.partners = partners
        self.staff = staff
        self.clients = clients
        self.admins = admins
        self.imports = imports
        self.systems = systems
        self.users = users
        self.invitations = invitations
        self.audit = audit
        self.unknown = unknown
        self.access = access
        self.drafts = drafts
        self.archives = archives
        self.versions = versions
        self.downloads = downloads
        self.origins = origins
        self.advisories = advisories
        self.releases = releases
        self.environments = environments
        self.standardContent = standardContent
        self.explanations = explanations
        self.edges = edges
        self.requests = requests
    }

    /// Everything that can be asked for, in the order of the description.
    var endpoints: [Endpoint] {
        sessionEndpoints + meEndpoints + tokenEndpoints + catalogueEndpoints + partnerEndpoints + staffEndpoints
            + clientEndpoints + adminEndpoints + importEndpoints + joiningEndpoints + accountEndpoints + userEndpoints
            + partnerInvitationEndpoints + partnerAccountEndpoints + auditEndpoints + unknownEndpoints
            + itemEndpoints + solutionEndpoints + galleryEndpoints + releaseEndpoints
    }
}
