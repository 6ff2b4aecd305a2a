package tickline;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.GlobalConfiguration;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.table.api.TableResult;

/**
 * Runs the statements of SQL files one after the other, on the cluster of Flink's configuration.
 *
 * <pre>java -cp … tickline.RunSql [--explain | --wait] FILE …</pre>
 *
 * <p>As Flink's SQL client with {@code -f}, but {@code ${NAME}} and {@code ${NAME:-default}} stand for variables of the
 * environment, and a statement that fails ends it with 1. {@code SET} takes effect for the statements after it. {@code --wait}
 * returns when a job has ended, {@code --explain} plans a statement set and prints the plan instead of running it.
 */
public final class RunSql {
    private static final Pattern VARIABLE = Pattern.compile("\\$\\{([A-Z][A-Z0-9_]*)(?::-([^}]*))?}");
    private static final Pattern SET = Pattern.compile("(?is)SET\\s+'([^']+)'\\s*=\\s*'([^']*)'");

    private RunSql() {}

    public static void main(String[] arguments) throws Exception {
        boolean explain = false;
        boolean wait = false;
        List<String> statements = new ArrayList<>();
        for (String argument : arguments) {
            switch (argument) {
                case "--explain" -> explain = true;
                case "--wait" -> wait = true;
                default -> statements.addAll(split(substituted(Files.readString(Path.of(argument)), System.getenv())));
            }
        }
        Configuration configuration = GlobalConfiguration.loadConfiguration();
        TableEnvironment tables =
                TableEnvironment.create(EnvironmentSettings.newInstance().withConfiguration(configuration).build());
        for (String statement : statements) {
            Matcher set = SET.matcher(statement);
            if (set.matches()) {
                tables.getConfig().set(set.group(1), set.group(2));
            } else if (explain && statement.matches("(?is)(EXECUTE|INSERT)\\b.*")) {
                tables.executeSql("EXPLAIN " + statement.replaceFirst("(?i)^EXECUTE\\s+", "")).print();
            } else {
                TableResult result = tables.executeSql(statement);
                if (result.getJobClient().isPresent()) {
                    System.out.println("job " + result.getJobClient().get().getJobID());
                    if (wait) {
                        result.await();
                    }
                }
            }
        }
    }

    /** The text with the variables' values. */
    static String substituted(String text, Map<String, String> variables) {
        return VARIABLE.matcher(text).replaceAll(match -> {
            String value = variables.get(match.group(1));
            if (value == null || value.isEmpty()) {
                value = match.group(2);
            }
            if (value == null) {
                throw new IllegalArgumentException(match.group(1) + " isn't set");
            }
            // It lands between apostrophes.
            return Matcher.quoteReplacement(value.replace("'", "''"));
        });
    }

    /** The statements of a text: what lies between semicolons that are in no comment, text or BEGIN … END. */
    static List<String> split(String text) {
        List<String> statements = new ArrayList<>();
        StringBuilder statement = new StringBuilder();
        for (String line : text.split("\n")) {
            String code = line.replaceFirst("^\\s*--.*$", "");
            statement.append(code).append('\n');
            String all = statement.toString().strip();
            boolean inSet = all.matches("(?is)EXECUTE\\s+STATEMENT\\s+SET\\b.*");
            if (code.stripTrailing().endsWith(";") && (!inSet || code.strip().equalsIgnoreCase("END;"))) {
                statements.add(all.substring(0, all.length() - 1));
                statement.setLength(0);
            }
        }
        if (!statement.toString().isBlank()) {
            throw new IllegalArgumentException("the last statement has no semicolon: " + statement.toString().strip());
        }
        return statements;
    }
}
