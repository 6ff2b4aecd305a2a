/// By what `/v1/prices` is sorted.
enum PriceOrder: String, CaseIterable {
    /// By rank of market capitalisation, the largest first.
    case rank
    /// By the change over 24 hours, the highest first.
    case change
    /// By the volume of 24 hours, the largest first.
    case volume
}
