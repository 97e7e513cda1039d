// SPDX-License-Identifier: Apache-2.0

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.util.Arrays;
import java.util.Comparator;
import java.util.concurrent.Callable;

/**
 * The calls by which database tools look at a server, through Arrow's Flight SQL JDBC driver. Prints a line for each row
 * that it gets: the call's name, then name=value for each column, separated by tabs.
 */
public final class JdbcProbe {
  private static String textOf(ResultSet rows, int column) throws SQLException {
    // This version's getObject knows no timestamps with a time zone.
    boolean zoned = rows.getMetaData().getColumnType(column) == Types.TIMESTAMP_WITH_TIMEZONE;
    Object value = zoned ? rows.getTimestamp(column) : rows.getObject(column);
    return value instanceof byte[] bytes ? Arrays.toString(bytes) : String.valueOf(value);
  }

  private static void print(String call, ResultSet rows) throws SQLException {
    ResultSetMetaData columns = rows.getMetaData();
    while (rows.next()) {
      StringBuilder line = new StringBuilder(call);
      for (int i = 1; i <= columns.getColumnCount(); i++) {
        line.append('\t').append(columns.getColumnLabel(i)).append('=').append(textOf(rows, i));
      }
      System.out.println(line);
    }
    rows.close();
  }

  private static void print(String call, Callable<?> fact) {
    try {
      System.out.println(call + "\t" + fact.call());
    } catch (Exception error) {
      Throwable cause = error instanceof InvocationTargetException ? error.getCause() : error;
      System.out.println(call + "\tfailed: " + cause);
    }
  }

  /** Every question without arguments that is answered with a word or a number. */
  private static void printFacts(DatabaseMetaData meta) {
    Method[] methods = DatabaseMetaData.class.getMethods();
    Arrays.sort(methods, Comparator.comparing(Method::getName));
    for (Method method : methods) {
      Class<?> type = method.getReturnType();
      boolean simple = type == boolean.class || type == int.class || type == String.class;
      if (simple && method.getParameterCount() == 0) print("fact " + method.getName(), () -> method.invoke(meta));
    }
  }

  private static void printTables(DatabaseMetaData meta) throws SQLException {
    print("catalog", meta.getCatalogs());
    print("schema", meta.getSchemas());
    print("schema by pattern", meta.getSchemas(null, "l%"));
    print("table type", meta.getTableTypes());
    print("table", meta.getTables(null, null, "%", null));
    print("table by pattern", meta.getTables(null, "lake", "event_", new String[] {"TABLE"}));
    print("view", meta.getTables(null, null, "%", new String[] {"VIEW"}));
    print("column", meta.getColumns(null, "lake", "events", "%"));
    print("primary key", meta.getPrimaryKeys(null, "lake", "events"));
    print("imported key", meta.getImportedKeys(null, "lake", "events"));
    print("exported key", meta.getExportedKeys(null, "lake", "events"));
    print("cross reference", meta.getCrossReference(null, "lake", "events", null, "lake", "numbers"));
    print("type", meta.getTypeInfo());
  }

  private static void printQueries(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      print("row", statement.executeQuery("SELECT * FROM \"lake\".\"events\""));
      ResultSetMetaData columns = statement.executeQuery("SELECT * FROM lake.events").getMetaData();
      for (int i = 1; i <= columns.getColumnCount(); i++) {
        System.out.println("result column\t" + columns.getColumnName(i) + "\t" + columns.getColumnTypeName(i));
      }
      long rows = 0;
      for (ResultSet all = statement.executeQuery("SELECT * FROM lake.numbers"); all.next(); ) rows++;
      System.out.println("count\t" + rows);
    }
    try (PreparedStatement prepared = connection.prepareStatement("SELECT * FROM lake.numbers WHERE n = ?")) {
      for (long n : new long[] {7, 99_999}) {
        prepared.setLong(1, n);
        print("prepared", prepared.executeQuery());
      }
    }
    try (PreparedStatement prepared = connection.prepareStatement("SELECT * FROM lake.events WHERE name = ?")) {
      prepared.setString(1, "Zoë");
      print("prepared by text", prepared.executeQuery());
    }
    try (PreparedStatement prepared = connection.prepareStatement("SELECT ?")) {
      prepared.setString(1, "of any type");
      print("prepared any", prepared.executeQuery());
    }
  }

  private static void printErrors(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      print("error syntax", () -> statement.executeQuery("SELEKT"));
      print("error update", () -> statement.executeUpdate("DELETE FROM lake.events"));
      print("error late", () -> {
        ResultSet rows = statement.executeQuery("SELECT late error Timeout");
        while (rows.next()) {}
        return "no error";
      });
    }
    try (Statement statement = connection.createStatement()) {
      ResultSet forever = statement.executeQuery("SELECT forever");
      forever.next();
      statement.cancel();
      System.out.println("cancelled");
    }
  }

  public static void main(String[] arguments) throws Exception {
    try (Connection connection = DriverManager.getConnection(arguments[0])) {
      DatabaseMetaData meta = connection.getMetaData();
      printFacts(meta);
      printTables(meta);
      printQueries(connection);
      printErrors(connection);
    }
  }
}
