curl --data-binary @digit.png URL/v1/classify
