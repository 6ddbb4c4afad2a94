module goknot.test/types_oracle

go 1.21
