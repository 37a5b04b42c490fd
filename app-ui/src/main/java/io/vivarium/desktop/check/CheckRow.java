package io.vivarium.desktop.check;

import io.vivarium.client.HostCheck;
import io.vivarium.client.HostCheck.Status;
import io.vivarium.desktop.ui.Desk;
import io.vivarium.desktop.ui.Icons;
import io.vivarium.desktop.ui.Nodes;
import io.vivarium.desktop.ui.Texts;
import java.util.Locale;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.VBox;
import org.kordamp.ikonli.javafx.FontIcon;

/** One line of the host check, with its cure. */
final class CheckRow extends HBox {
  CheckRow(HostCheck check, Texts texts) {
    getStyleClass().addAll("row", "check-row");
    VBox words =
        Nodes.column(
            "check-words",
            Nodes.row(
                "",
                Nodes.label(check.title(), "check-title"),
                Nodes.label(
                    texts.get("check.status." + check.status()),
                    "check-status",
                    "status-" + check.status().name().toLowerCase(Locale.ROOT))),
            Nodes.paragraph(check.detail(), "muted"));
    HBox.setHgrow(words, Priority.ALWAYS);
    getChildren().addAll(icon(check.status()), words);
    if (!check.cure().isEmpty()) {
      HBox cure =
          Nodes.row(
              "check-cure",
              Nodes.paragraph(check.cure()),
              Nodes.spacer(),
              Nodes.iconButton(
                  texts.get("banner.copy"), Icons.COPY, () -> Desk.copy(check.cure())));
      words.getChildren().add(cure);
    }
  }

  /** The icon of a status, in its colour. */
  static FontIcon icon(Status status) {
    return Icons.of(
        switch (status) {
          case OK -> Icons.OK;
          case NOTE -> Icons.NOTE;
          case WARNING -> Icons.WARNING;
          case ERROR -> Icons.ERROR;
        },
        "check-icon",
        "status-" + status.name().toLowerCase(Locale.ROOT));
  }
}
