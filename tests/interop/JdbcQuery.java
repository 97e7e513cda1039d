// SPDX-License-Identifier: Apache-2.0

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/** Runs a statement with one number for its parameter, and prints the rows with tabs. Arguments: URL, SQL, number. */
public final class JdbcQuery {
  public static void main(String[] arguments) throws SQLException {
    try (Connection connection = DriverManager.getConnection(arguments[0]);
        PreparedStatement statement = connection.prepareStatement(arguments[1])) {
      statement.setLong(1, Long.parseLong(arguments[2]));
      try (ResultSet rows = statement.executeQuery()) {
        int columns = rows.getMetaData().getColumnCount();
        while (rows.next()) {
          StringBuilder line = new StringBuilder();
          for (int i = 1; i <= columns; i++) line.append(i > 1 ? "\t" : "").append(rows.getObject(i));
          System.out.println(line);
        }
      }
    }
  }
}
