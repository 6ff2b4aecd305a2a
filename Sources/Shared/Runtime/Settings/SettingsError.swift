/// The settings don't allow a start; every problem at once, one line each.
public struct SettingsError: ClassifiedError, Equatable {
    /// What is wrong, in the order of the declarations.
    public let problems: [SettingsProblem]

    /// An error of at least one problem.
    public init(_ problems: [SettingsProblem]) {
        self.problems = problems
    }

    /// Only a person can set them right.
    public var disposition: Disposition { .fatal }

    /// One line for each problem.
    public var description: String {
        problems.map(\.description).joined(separator: "\n")
    }
}
