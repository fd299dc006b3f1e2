public import Domain

extension ClientRole {
    /// What people call the role.
    ///
    /// - Parameter language: Their language.
    /// - Returns: The name, for a sentence or a list.
    public func name(in language: Language) -> String {
        switch self {
        case .admin: language.choose("Admin", "Administrateur", "Admin")
        case .systemManager: language.choose("System Manager", "Gestionnaire de systèmes", "Systemmanager")
        case .contentManager: language.choose("Content Manager", "Gestionnaire de contenu", "Inhaltsmanager")
        case .publisher: language.choose("Publisher", "Responsable de publication", "Veröffentlicher")
        case .builder: language.choose("Builder", "Concepteur", "Entwickler")
        case .contentCreator: language.choose("Content Creator", "Créateur de contenu", "Inhaltsersteller")
        case .contentViewer: language.choose("Content Viewer", "Lecteur de contenu", "Inhaltsbetrachter")
        case .analyst: language.choose("Analyst", "Analyste", "Analyst")
        case .translator: language.choose("Translator", "Traducteur", "Übersetzer")
        }
    }
}

extension StaffRole {
    /// What people call the role.
    ///
    /// - Parameter language: Their language.
    /// - Returns: The name, for a sentence or a list.
    public func name(in language: Language) -> String {
        switch self {
        case .partnerAdmin: language.choose("Partner Admin", "Administrateur partenaire", "Partneradmin")
        case .clientManager: language.choose("Client Manager", "Gestionnaire de clients", "Kundenmanager")
        case .partnerBuilder: language.choose("Partner Builder", "Concepteur partenaire", "Partnerentwickler")
        case .partnerPublisher:
            language.choose("Partner Publisher", "Responsable de publication partenaire", "Partnerveröffentlicher")
        case .partnerViewer: language.choose("Partner Viewer", "Lecteur partenaire", "Partnerbetrachter")
        }
    }
}

extension Language {
    fileprivate func choose(_ english: String, _ french: String, _ german: String) -> String {
        switch self {
        case .english: english
        case .french: french
        case .german: german
        }
    }
}
