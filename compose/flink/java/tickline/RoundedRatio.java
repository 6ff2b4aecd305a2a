package tickline;

import java.math.BigDecimal;
import java.math.RoundingMode;
import org.apache.flink.table.annotation.DataTypeHint;
import org.apache.flink.table.functions.ScalarFunction;

/**
 * A quotient as the Aggregator rounds it: exact, then once, half to even at 18 places.
 *
 * <p>Flink's own division can't: of two DECIMAL(38, 18) it keeps 6 places, and it rounds half up. The dividend comes in three
 * parts that are added up here, because a sum of products of two prices needs more than the 38 digits that a DECIMAL has.
 */
public final class RoundedRatio extends ScalarFunction {
    private static final long serialVersionUID = 1;
    private static final int PLACES = 18;
    private static final int DIGITS = 38;

    /** {@code (parts) / divisor}; null when one of them is, when the divisor is 0, and when the result has more than 38 digits. */
    public @DataTypeHint("DECIMAL(38, 18)") BigDecimal eval(
            @DataTypeHint("DECIMAL(38, 12)") BigDecimal coarse,
            @DataTypeHint("DECIMAL(38, 24)") BigDecimal fine,
            @DataTypeHint("DECIMAL(38, 36)") BigDecimal finest,
            @DataTypeHint("DECIMAL(38, 18)") BigDecimal divisor) {
        if (coarse == null || fine == null || finest == null) {
            return null;
        }
        return rounded(coarse.add(fine).add(finest), divisor);
    }

    /** {@code sum / count}; null as above. */
    public @DataTypeHint("DECIMAL(38, 18)") BigDecimal eval(
            @DataTypeHint("DECIMAL(38, 18)") BigDecimal sum, @DataTypeHint("BIGINT") Long count) {
        return sum == null || count == null ? null : rounded(sum, BigDecimal.valueOf(count));
    }

    private static BigDecimal rounded(BigDecimal dividend, BigDecimal divisor) {
        if (divisor == null || divisor.signum() == 0) {
            return null;
        }
        BigDecimal ratio = dividend.divide(divisor, PLACES, RoundingMode.HALF_EVEN);
        return ratio.precision() <= DIGITS ? ratio : null;
    }
}
